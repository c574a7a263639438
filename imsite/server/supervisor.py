"""Several processes as one: started in order, watched, started again when they die, ended in order and in time.

For `serve --workers` and `make cluster`. Not uvicorn's own supervisor: it starts equal copies of one program only, and
here each has a port, an identity and a turn of its own, and some are programs of others.
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

SETTLED = 30.0
"""Seconds after which a process that dies has not failed to start, however busy the machine is."""
QUICK_DEATHS = 5
"""So many deaths sooner than that, one after the other, and a process that has never worked never will."""
LONGEST_PAUSE = 10.0
"""Seconds before a process is started again, at the most."""
PATIENCE = 3.0
"""Seconds that a process may take, beyond what it says itself, to end when asked."""

Say = Callable[[str], object]


@dataclass
class ProcessSpec:
    """One process: what it is called, what is run, with which environment besides ours.

    `ready` returns once it does its work.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    ready: Callable[[], Awaitable[None]] | None = None
    stdin: bytes = b""
    silent: bool = False
    """Whether what it prints is thrown away (it keeps a log of its own)."""
    ending: float = 0.0
    """Seconds that it promises to have ended in."""
    process: asyncio.subprocess.Process | None = None
    quick_deaths: int = 0
    settled: bool = False
    """Whether it has once run for longer than it takes to fail at the start."""


class Supervisor:
    """Runs the parts until SIGINT, SIGTERM or SIGHUP, or until one of them cannot be brought to life.

    They are started stage by stage, each when the one before it is ready, and ended in the reverse order.
    """

    def __init__(self, stages: Sequence[Sequence[ProcessSpec]], say: Say) -> None:
        self._stages = stages
        self._say = say
        self._ending = asyncio.Event()
        self._failed = False
        self._watching: list[asyncio.Task[None]] = []

    async def run(self, when_up: Callable[[], object] | None = None) -> int:
        """Start all, call `when_up`, stay until the end; returns an exit code."""
        loop = asyncio.get_running_loop()
        ending = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # As it is under nohup.
            ending.append(signal.SIGHUP)
        for number in ending:
            loop.add_signal_handler(number, self._ending.set)
        try:
            if await self._start_all() and when_up is not None:
                when_up()
            await self._ending.wait()
        finally:
            await self._end_all()
        return 1 if self._failed else 0

    async def _start_all(self) -> bool:
        """False if the end has come meanwhile."""
        ending = asyncio.create_task(self._ending.wait())
        for stage in self._stages:
            for part in stage:
                await self._start(part)
                self._watching.append(asyncio.create_task(self._watch(part), name=part.name))
            ready = asyncio.gather(*(part.ready() for part in stage if part.ready is not None))
            await asyncio.wait((ending, ready), return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                ready.cancel()
                await asyncio.gather(ready, return_exceptions=True)
                return False
        ending.cancel()
        return True

    async def _start(self, part: ProcessSpec) -> None:
        part.process = await asyncio.create_subprocess_exec(
            *part.command,
            env={**os.environ, **part.environment},
            stdin=asyncio.subprocess.PIPE if part.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL if part.silent else None,
            pass_fds=part.fds,
            # Ctrl-C in a terminal goes to everybody of the group. Who ends when is decided here.
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        if part.stdin:
            assert part.process.stdin is not None
            part.process.stdin.write(part.stdin)
            part.process.stdin.close()

    async def _watch(self, part: ProcessSpec) -> None:
        while True:
            began = time.monotonic()
            assert part.process is not None
            code = await part.process.wait()
            if self._ending.is_set():
                return
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            if time.monotonic() - began < SETTLED:
                part.quick_deaths += 1
            else:
                part.quick_deaths, part.settled = 1, True
            # What was well once will be again when whatever it lacks is back; the others go on meanwhile.
            if part.quick_deaths >= QUICK_DEATHS and not part.settled:
                self._say(f"{part.name} {how}, {QUICK_DEATHS} times in a row. Ending everything.")
                self._fail()
                return
            pause = min(0.2 * 2**part.quick_deaths, LONGEST_PAUSE)
            self._say(f"{part.name} {how}; starting it again.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ending.wait()
                return
            await self._start(part)

    def _fail(self) -> None:
        self._failed = True
        self._ending.set()

    async def _end_all(self) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*map(self._end, stage))
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _end(self, part: ProcessSpec) -> None:
        process = part.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(part.ending + PATIENCE):
                await process.wait()
        except TimeoutError:
            self._say(f"{part.name} does not end; killing it.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """In the child: have the system send SIGTERM should the parent be killed and end nobody."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
