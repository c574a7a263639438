"""The supervisor restarts processes and stops them together."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imsite.server import supervisor
from imsite.server.forked_process import IS_SUPPORTED, ForkedProcess
from imsite.server.supervisor import ProcessSpec, Supervisor
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MAX_RESTART_PAUSE_SECONDS", 0.01)


def _shell(script: str) -> ProcessSpec:
    return ProcessSpec("Process", ("sh", "-c", script))


async def test_a_process_that_never_becomes_stable_stops_all() -> None:
    lines: list[str] = []

    code = await Supervisor([[_shell("exec sleep 60"), _shell("exit 3")]], lines.append).run()

    assert code == 1
    assert lines[-1] == "Process exited with code 3, 5 times in a row. Stopping all processes."


async def test_a_process_that_was_stable_is_restarted_until_it_is_stable_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker does this while the database is down."""
    monkeypatch.setattr(supervisor, "STABLE_AFTER_SECONDS", 0.3)
    starts = tmp_path / "starts"
    failing = _shell(
        f"echo >> {starts}; case $(wc -l < {starts}) in 1) sleep 0.5; exit 3;; 7) exec sleep 99;; *) exit 3; esac"
    )
    healthy = _shell("exec sleep 99")
    lines: list[str] = []
    running = asyncio.create_task(Supervisor([[failing, healthy]], lines.append).run())

    for _ in range(3000):
        if starts.exists() and len(starts.read_text()) == 7:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail(f"{failing} {lines}")
    assert healthy.process is not None and healthy.process.returncode is None
    assert not running.done()

    signal.raise_signal(signal.SIGTERM)
    assert await running == 0
    assert healthy.process.returncode == -signal.SIGTERM


@pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="SIGHUP is ignored here, as under nohup")
async def test_closing_the_terminal_stops_all() -> None:
    spec = _shell("exec sleep 60")

    code = await Supervisor([[spec]], lambda text: None).run(lambda: signal.raise_signal(signal.SIGHUP))

    assert code == 0
    assert spec.process is not None and spec.process.returncode == -signal.SIGTERM


@pytest.mark.skipif(not IS_SUPPORTED, reason="Linux only")
async def test_a_function_runs_in_a_fork_and_is_forked_again_when_it_dies(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def work() -> None:
        has_loop = asyncio._get_running_loop() is not None
        with log.open("a") as file:
            state = f"{os.getsid(0)} {random.random()} {has_loop} {signal.getsignal(signal.SIGTERM)!r}"
            file.write(f"{os.getpid()} {state}\n")
        signal.pause()

    def lines() -> list[list[str]]:
        return [line.split(maxsplit=4) for line in log.read_text().splitlines()] if log.exists() else []

    spec = ProcessSpec("Process", target=work)
    printed: list[str] = []
    running = asyncio.create_task(Supervisor([[spec]], printed.append).run())
    await wait_until(lambda: len(lines()) == 1)
    os.kill(int(lines()[0][0]), signal.SIGKILL)
    await wait_until(lambda: len(lines()) == 2)

    signal.raise_signal(signal.SIGTERM)
    assert await running == 0
    assert printed == ["Process was killed by SIGKILL. Restarting it."]
    first, second = lines()
    for process_id, session, _, has_loop, handler in (first, second):
        assert (session, has_loop, handler) == (process_id, "False", "<Handlers.SIG_DFL: 0>")
    assert first[0] != second[0]
    assert first[2] != second[2], "both have the same random numbers"
    assert spec.process is not None and spec.process.returncode == -signal.SIGTERM


@pytest.mark.skipif(not IS_SUPPORTED, reason="Linux only")
@pytest.mark.parametrize(("target", "code"), [(lambda: sys.exit(3), 3), (lambda: 1 / 0, 1), (lambda: None, 0)])
async def test_the_exit_code_of_a_fork_is_that_of_a_program(target: Callable[[], object], code: int) -> None:
    assert await ForkedProcess(target).wait() == code
