"""A child process that runs a function of this program, with the interface of `asyncio.subprocess.Process`.

A forked child shares the memory of all that its parent has imported. Linux only: elsewhere system libraries may not be
used after a fork, and a process cannot be awaited without a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable

IS_SUPPORTED = sys.platform == "linux" and hasattr(os, "pidfd_open")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that a supervisor handles. In the child they do again what they do by default."""


class ForkedProcess:
    """A running child. Create it on an asyncio event loop, in a process with no other threads."""

    def __init__(self, target: Callable[[], object]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # Until the child has its own handlers, a signal would be written into the parent's event loop.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _run_child(target)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self.returncode: int | None = None
        """The exit code, or the negative number of the signal that ended it; None while it runs."""
        self._has_ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._pidfd = os.pidfd_open(self.pid)  # type: ignore[attr-defined,unused-ignore]
        self._loop.add_reader(self._pidfd, self._reap)

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        await self._has_ended.wait()
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        self._send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._send_signal(signal.SIGKILL)

    def _send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._has_ended.set()


def _run_child(target: Callable[[], object]) -> None:
    """Run the function and end the process, because the frames below belong to the parent."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        target()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
