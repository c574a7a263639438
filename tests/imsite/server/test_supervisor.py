"""The supervisor keeps a group of processes alive."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from imsite.server import supervisor
from imsite.server.supervisor import ProcessSpec, Supervisor


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.01)


def _shell(script: str) -> ProcessSpec:
    return ProcessSpec("A part", ("sh", "-c", script))


async def test_a_process_that_never_works_ends_all() -> None:
    said: list[str] = []

    code = await Supervisor([[_shell("exec sleep 60"), _shell("exit 3")]], said.append).run()

    assert code == 1
    assert said[-1] == "A part ended with code 3, 5 times in a row. Ending everything."


async def test_a_process_that_worked_is_restarted_until_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker does this while the database is away."""
    monkeypatch.setattr(supervisor, "SETTLED", 0.3)
    starts = tmp_path / "starts"
    part = _shell(
        f"echo >> {starts}; case $(wc -l < {starts}) in 1) sleep 0.5; exit 3;; 7) exec sleep 99;; *) exit 3; esac"
    )
    well = _shell("exec sleep 99")
    said: list[str] = []
    running = asyncio.create_task(Supervisor([[part, well]], said.append).run())

    for _ in range(3000):
        if starts.exists() and len(starts.read_text()) == 7:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail(f"{part} {said}")
    assert well.process is not None and well.process.returncode is None
    assert not running.done()

    signal.raise_signal(signal.SIGTERM)
    assert await running == 0
    assert well.process.returncode == -signal.SIGTERM


@pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="SIGHUP is ignored here, as under nohup")
async def test_a_closed_terminal_ends_all() -> None:
    part = _shell("exec sleep 60")

    code = await Supervisor([[part]], lambda text: None).run(lambda: signal.raise_signal(signal.SIGHUP))

    assert code == 0
    assert part.process is not None and part.process.returncode == -signal.SIGTERM
