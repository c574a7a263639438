"""`make cluster` runs `manage.py cluster` as a process."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.commands import ROOT
from tests.support.fixtures.sites import Connect, SiteFactory
from tests.support.monitoring import get
from tests.support.ports import free_ports
from tests.support.redis import RedisServer

PATIENCE = 60.0
PORTS = 6


class Start:
    """The running command; its output in `log`."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.port = free_ports(PORTS)
        self.log = data / "cluster.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "cluster"],
                cwd=ROOT,
                env={**environment, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def acc(self, offset: int = 0) -> str:
        return f"ws://127.0.0.1:{self.port + offset}/acc"

    def wait_for(self, text: str) -> str:
        """Wait until the output contains it and return the whole output."""
        deadline = time.monotonic() + PATIENCE
        while text not in (said := self.log.read_text()):
            assert self.process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.02)
        return said

    def children(self) -> dict[int, str]:
        """Return its child processes and theirs, by program."""
        return {
            int(match[1]): match[2]
            for line in subprocess.check_output(["ps", "-eo", "pid=,sess=,ppid=,args="], text=True).splitlines()
            if (match := re.match(rf"\s*(\d+)\s+\d+\s+{self.process.pid}\s+(.*)", line))
        }

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


StartFactory = Callable[..., Start]


@pytest.fixture
def start(site_factory: SiteFactory) -> Iterator[StartFactory]:
    made: list[Start] = []

    def begin(*, data: Path | None = None, **options: str) -> Start:
        site = site_factory(**options)
        if data is not None:
            # It may be on another file system.
            site.data = Path(shutil.move(site.data, data))
        begun = Start(site.data, site.environment())
        made.append(begun)
        begun.wait_for("Ctrl-C")
        return begun

    yield begin
    for one in made:
        if one.process.poll() is None:
            one.end()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_the_command_prints_the_addresses_of_all_running_parts(
    start: StartFactory, connect: Connect, tmp_path: Path
) -> None:
    """The data may be in any directory, such as one with blanks and quotes."""
    data = tmp_path / 'da ta\'s "ü" [1]; #2'
    cluster = await asyncio.to_thread(start, data=data)
    said = cluster.log.read_text()
    (data / "static" / "from-disk.txt").write_text("from the disk")
    assert get(f"http://127.0.0.1:{cluster.port}/static/from-disk.txt").text == "from the disk"
    assert (data / "redis.log").exists()

    for name, offset in (("nginx", 0), ("node-1", 1), ("node-2", 2)):
        assert re.search(rf"^{name} +http://127\.0\.0\.1:{cluster.port + offset}/", said, re.MULTILINE), said
        await (await connect(cluster.acc(offset))).login_guest(name)
        assert '"redis": "ok"' in get(f"http://127.0.0.1:{cluster.port + offset}/readyz").text
    assert re.search(rf"^Redis +127\.0\.0\.1:{cluster.port + 3} ", said, re.MULTILINE)


async def test_ctrl_c_stops_all_processes_and_closes_connections_with_1012(
    start: StartFactory, connect: Connect
) -> None:
    cluster = await asyncio.to_thread(start)
    alice: Client = await connect(cluster.acc())
    await alice.login_guest("Alice")
    children = cluster.children()
    assert len(children) == 4, children

    code = await asyncio.to_thread(cluster.end)

    # The close arrives through nginx, which therefore still runs when the nodes stop.
    assert await alice.closed() == 1012
    assert code == 0, cluster.log.read_text()
    assert all(map(_gone, children))
    assert "Traceback" not in cluster.log.read_text()


async def test_a_dead_node_is_reported_and_restarted(start: StartFactory, connect: Connect) -> None:
    cluster = await asyncio.to_thread(start)
    victim = next(pid for pid, command in cluster.children().items() if "serve" in command)

    os.kill(victim, signal.SIGKILL)

    await asyncio.to_thread(cluster.wait_for, "was killed by SIGKILL. Restarting it")
    async with asyncio.timeout(PATIENCE):
        while any(ask_ready(cluster.port + number) != 200 for number in (1, 2)):  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.05)


def ask_ready(port: int) -> int:
    try:
        return get(f"http://127.0.0.1:{port}/readyz").status
    except OSError:
        return 0


def test_killing_the_command_leaves_no_process_behind(start: StartFactory) -> None:
    cluster = start()
    children = cluster.children()

    cluster.end(signal.SIGKILL)

    deadline = time.monotonic() + PATIENCE
    while not all(map(_gone, children)):
        assert time.monotonic() < deadline, children
        time.sleep(0.05)


def test_a_given_redis_is_used(start: StartFactory, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        cluster = start(REDIS_URL=redis.url)

        assert "from REDIS_URL" in cluster.log.read_text()
        assert not any(
            "redis-server" in command or "valkey-server" in command for command in cluster.children().values()
        )
        assert redis.url not in cluster.log.read_text()


def test_the_error_names_a_port_in_use(start: StartFactory, site_factory: SiteFactory) -> None:
    cluster = start()
    site = site_factory(PORT=str(cluster.port))

    with pytest.raises(RuntimeError, match=f"Port {cluster.port} of 127.0.0.1"):
        site.manage("cluster")
