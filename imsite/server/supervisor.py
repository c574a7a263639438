"""Runs several processes as one: starts them in stages, restarts them when they exit, and stops them in reverse order.

Used by `serve --workers` and `manage.py cluster`. uvicorn's supervisor does not fit: it starts identical copies of one
program, while these processes have their own ports and identities, and some are other programs.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from imsite.server.forked_process import ForkedProcess

STABLE_AFTER_SECONDS = 30.0
"""Run time after which an exit no longer counts as a failed start, even on a busy machine."""
MAX_EARLY_EXITS = 5
"""Consecutive early exits after which a process that was never stable stops the supervisor."""
FIRST_RESTART_PAUSE_SECONDS = 0.2
MAX_RESTART_PAUSE_SECONDS = 10.0
KILL_AFTER_SECONDS = 3.0
"""Seconds added to a process's own `stop_seconds` before it is killed."""

Write = Callable[[str], object]
"""Prints a line for the operator."""


@dataclass
class ProcessSpec:
    """A process to run, and its state: a program, or a function that runs in a fork of the supervisor."""

    name: str
    command: Sequence[str] = ()
    target: Callable[[], object] | None = None
    """Runs in the child, in place of `command`. `environment`, `fds` and `stdin` are for programs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the parent's."""
    fds: tuple[int, ...] = ()
    """File descriptors that the process inherits."""
    wait_until_ready: Callable[[], Awaitable[None]] | None = None
    """Returns once the process does its work. The next stage starts after that."""
    stdin: bytes = b""
    discard_output: bool = False
    """True to discard standard output, because the process writes a log file."""
    stop_seconds: float = 0.0
    """Seconds that the process takes at most to exit after SIGTERM."""
    process: asyncio.subprocess.Process | ForkedProcess | None = None
    started_at: float = 0.0
    """The monotonic time before its last start, however long that took."""
    early_exits: int = 0
    was_stable: bool = False
    """True once it has run for STABLE_AFTER_SECONDS at least once."""


class Supervisor:
    """Runs processes until SIGINT, SIGTERM or SIGHUP, or until one of them repeatedly fails to start.

    A stage starts when the previous one is ready. Stages stop in reverse order.
    """

    def __init__(self, stages: Sequence[Sequence[ProcessSpec]], write: Write) -> None:
        self._stages = stages
        self._write = write
        self._stopping = asyncio.Event()
        self._has_failed = False
        self._watchers: list[asyncio.Task[None]] = []

    async def run(self, on_ready: Callable[[], object] | None = None) -> int:
        """Start all processes, call `on_ready`, and wait for the end. Returns the exit code."""
        loop = asyncio.get_running_loop()
        stop_signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it.
            stop_signals.append(signal.SIGHUP)
        for number in stop_signals:
            loop.add_signal_handler(number, self._stopping.set)
        try:
            if await self._start_all() and on_ready is not None:
                on_ready()
            await self._stopping.wait()
        finally:
            await self._stop_all()
        return 1 if self._has_failed else 0

    async def _start_all(self) -> bool:
        """Start all stages. Returns False if the supervisor is stopped meanwhile."""
        stopping = asyncio.create_task(self._stopping.wait())
        for stage in self._stages:
            for spec in stage:
                await self._start(spec)
                self._watchers.append(asyncio.create_task(self._watch(spec), name=spec.name))
            ready = asyncio.gather(*(spec.wait_until_ready() for spec in stage if spec.wait_until_ready is not None))
            await asyncio.wait((stopping, ready), return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                ready.cancel()
                await asyncio.gather(ready, return_exceptions=True)
                return False
        stopping.cancel()
        return True

    async def _start(self, spec: ProcessSpec) -> None:
        spec.started_at = time.monotonic()
        if spec.target is not None:
            spec.process = ForkedProcess(partial(_run_detached, spec.target))
            return
        spec.process = process = await asyncio.create_subprocess_exec(
            *spec.command,
            env={**os.environ, **spec.environment},
            stdin=asyncio.subprocess.PIPE if spec.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL if spec.discard_output else None,
            pass_fds=spec.fds,
            # Ctrl-C signals the terminal's whole process group. A new session lets the supervisor decide the order.
            start_new_session=True,
            preexec_fn=_terminate_with_parent,
        )
        if spec.stdin:
            assert process.stdin is not None
            process.stdin.write(spec.stdin)
            process.stdin.close()

    async def _watch(self, spec: ProcessSpec) -> None:
        """Restart the process whenever it exits, with growing pauses."""
        while True:
            assert spec.process is not None
            code = await spec.process.wait()
            if self._stopping.is_set():
                return
            reason = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
            if time.monotonic() - spec.started_at < STABLE_AFTER_SECONDS:
                spec.early_exits += 1
            else:
                spec.early_exits, spec.was_stable = 1, True
            # A process that was stable once is restarted without limit: the cause may be a service that returns.
            if spec.early_exits >= MAX_EARLY_EXITS and not spec.was_stable:
                self._write(f"{spec.name} {reason}, {MAX_EARLY_EXITS} times in a row. Stopping all processes.")
                self._has_failed = True
                self._stopping.set()
                return
            pause = min(FIRST_RESTART_PAUSE_SECONDS * 2**spec.early_exits, MAX_RESTART_PAUSE_SECONDS)
            self._write(f"{spec.name} {reason}. Restarting it.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
                return
            await self._start(spec)

    async def _stop_all(self) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*map(self._stop, stage))
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _stop(self, spec: ProcessSpec) -> None:
        process = spec.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(spec.stop_seconds + KILL_AFTER_SECONDS):
                await process.wait()
        except TimeoutError:
            self._write(f"{spec.name} does not exit. Killing it.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _run_detached(target: Callable[[], object]) -> None:
    """Run the function as a program is run: in a session of its own and without input. Runs in the child."""
    os.setsid()
    _terminate_with_parent()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    target()


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _terminate_with_parent() -> None:
    """Ask Linux to send this child SIGTERM if the parent is killed. Runs in the child."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
