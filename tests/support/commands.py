"""Runs management commands, in tests by a fork of a process that has imported the application.

Importing it takes most of the time in which a command or a server starts, and the tests start hundreds. Benchmarks
start Python anew, because they measure memory.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnProcess
from pathlib import Path
from typing import Protocol

from tests.support import application_template

ROOT = Path(__file__).resolve().parent.parent.parent

_fork_server: ForkServerContext | None = None


class Command(Protocol):
    """A running command, with the methods of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...

    def kill(self) -> None: ...


def use_fork_server() -> None:
    """Fork the commands of this process from now on."""
    global _fork_server
    _fork_server = multiprocessing.get_context("forkserver")
    _fork_server.set_forkserver_preload(["tests.support.preloaded_libraries"])


def start(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    errors: Path | None = None,
    code: Path = ROOT,
) -> Command:
    """Start `manage.py` with these arguments; its output is appended to `log`, its errors to `errors` or `log`.

    `code` is the directory of the site's code.
    """
    if _fork_server is not None and code == ROOT:
        return _ForkedCommand(_fork_server, arguments, environment, log, errors or log)
    with log.open("ab") as output, (errors or log).open("ab") as error_output:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=code,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=error_output,
        )


def run(*arguments: str, environment: Mapping[str, str], code: Path = ROOT) -> str:
    """Run a command to its end and return what it printed. Raise RuntimeError with all of its output if it fails."""
    with tempfile.TemporaryDirectory() as directory:
        log, errors = Path(directory) / "output", Path(directory) / "errors"
        status = start(arguments, environment=environment, log=log, errors=errors, code=code).wait()
        output = log.read_text()
        if status:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{output}{errors.read_text()}")
    return output


def start_function(
    function: Callable[[Connection], None], connection: Connection, *, environment: Mapping[str, str]
) -> ForkServerProcess | SpawnProcess:
    """Run a function of a module in a process with Django and this environment, connected to this one."""
    context = _fork_server or multiprocessing.get_context("spawn")
    arguments = (function, connection, dict(environment), _fork_server is not None)
    process = context.Process(target=_call, args=arguments, daemon=True)
    process.start()
    return process


class _ForkedCommand:
    def __init__(
        self,
        fork_server: ForkServerContext,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        errors: Path,
    ) -> None:
        self._process = fork_server.Process(
            target=_main, args=(list(arguments), dict(environment), str(log), str(errors)), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("manage.py", timeout or 0)
        return code

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _main(arguments: list[str], environment: dict[str, str], log: str, errors: str) -> None:
    _enter(environment)
    for name, descriptor, path in (("stdout", 1, log), ("stderr", 2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, descriptor)
        os.close(file)
        setattr(sys, name, os.fdopen(descriptor, "w", buffering=1, encoding="utf-8", closefd=False))
    sys.argv = ["manage.py", *arguments]
    application_template.adopt_environment()
    with _exit_functions():
        runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")


def _call(
    function: Callable[[Connection], None], connection: Connection, environment: dict[str, str], is_forked: bool
) -> None:
    _enter(environment)
    if is_forked:
        application_template.adopt_environment()
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
    import django

    django.setup()
    with _exit_functions():
        function(connection)


def _enter(environment: Mapping[str, str]) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)


@contextlib.contextmanager
def _exit_functions() -> Iterator[None]:
    """Run the functions of `atexit` at the end, because processes of multiprocessing end without them."""
    try:
        yield
    finally:
        atexit._run_exitfuncs()
