"""The supervisor restarts processes and stops them together."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from imsite.server import supervisor
from imsite.server.supervisor import ProcessSpec, Supervisor


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
