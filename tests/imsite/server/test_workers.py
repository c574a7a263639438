"""`serve --workers N` runs several nodes on one port."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from pytest_django.fixtures import Settings

from imsite.server import workers
from imsite.server.forked_process import IS_SUPPORTED
from tests.support import machine
from tests.support.client import Client
from tests.support.fixtures.sites import Connect, SiteFactory
from tests.support.monitoring import get, metrics
from tests.support.ports import free_ports
from tests.support.redis import RedisServer
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.skipif("Redis" in machine.missing(), reason="Redis is missing on this machine")
WORKERS = 2
_PATIENCE_SECONDS = 2 * TIMEOUT_SECONDS


@pytest.fixture
def site(site_factory: SiteFactory, tmp_path: Path) -> Iterator[Site]:
    with RedisServer(tmp_path) as server:
        site = site_factory(
            command=("serve", "--workers", str(WORKERS)), REDIS_URL=server.url, IM_CLUSTER_SECRET="s" * 32
        )
        site.port = free_ports(1 + WORKERS)
        with site:
            _wait_for(lambda: _ready(site) == [200] * WORKERS)
            yield site


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _own(site: Site, number: int) -> str:
    """Return the URL at which worker `number` answers alone."""
    return f"http://127.0.0.1:{site.port + number}"


def _ready(site: Site) -> list[int]:
    states = []
    for number in range(1, WORKERS + 1):
        try:
            states.append(get(f"{_own(site, number)}/readyz").status)
        except OSError:
            states.append(0)
    return states


def _workers(site: Site) -> list[int]:
    listed = subprocess.run(
        ["ps", "--no-headers", "-o", "pid", "--ppid", str(site.pid)], capture_output=True, text=True
    )
    return [int(pid) for pid in listed.stdout.split()]


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _connections(site: Site) -> list[int]:
    return [int(metrics(_own(site, number))["imsite_connections"]) for number in range(1, WORKERS + 1)]


@pytest.mark.skipif(not IS_SUPPORTED, reason="Workers are forked on Linux only")
def test_workers_are_nodes_of_their_own_that_share_memory(site: Site) -> None:
    with redis.Redis.from_url(site.options["REDIS_URL"], decode_responses=True) as client:
        leases = client.smembers("im:leases")
        addresses = {client.hget(f"im:lease:{lease}", "address") for lease in leases}

    assert len({lease.partition("/")[0] for lease in leases}) == len(addresses) == WORKERS
    for pid in _workers(site):
        sizes = dict(re.findall(r"(\w+): +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text()))
        assert int(sizes["Pss"]) < 0.7 * int(sizes["Rss"]), sizes


def test_each_worker_has_a_node_id_and_a_grpc_port(settings: Settings) -> None:
    settings.IM_NODE_ID, settings.IM_GRPC_PORT = "berlin", 7000

    assert workers.identity(2) == {"IM_NODE_ID": "berlin-2", "IM_GRPC_PORT": 7001}


async def test_connections_on_one_port_are_spread_over_the_workers(site: Site, connect: Connect) -> None:
    people: list[Client] = []
    counts: list[int] = []
    async with asyncio.timeout(TIMEOUT_SECONDS):
        # A worker that the machine does not let run takes none of the connections that come meanwhile.
        while not counts or not all(counts):
            more = await asyncio.gather(*(connect(site.acc) for _ in range(60)))
            for number, one in enumerate(more):
                await one.login_guest(f"Guest{len(people) + number}")
            people += more
            counts = await asyncio.to_thread(_connections, site)

    assert sum(counts) == len(people)


async def test_users_on_two_workers_share_one_conversation(site: Site, connect: Connect) -> None:
    alice, bob = [await connect(f"ws://127.0.0.1:{site.port + number}/acc") for number in (1, 2)]
    await alice.login_guest("Alice")
    await bob.login_guest("Bob")

    for number in range(20):
        await alice.call("message.send", type="text", msg=f"from Alice {number}")
        await bob.call("message.send", type="text", msg=f"from Bob {number}")

    heard = [(await bob.push("msg", **{"from": "Alice"})).data["msg"] for _ in range(20)]
    assert heard == [f"from Alice {number}" for number in range(20)]
    heard = [(await alice.push("msg", **{"from": "Bob"})).data["msg"] for _ in range(20)]
    assert heard == [f"from Bob {number}" for number in range(20)]


async def test_a_dead_worker_is_restarted_and_others_continue(site: Site, connect: Connect) -> None:
    alice = await connect(f"ws://127.0.0.1:{site.port + 1}/acc")
    bob = await connect(f"ws://127.0.0.1:{site.port + 2}/acc")
    await alice.login_guest("Alice")
    await bob.login_guest("Bob")
    first, second = sorted(_workers(site))

    os.kill(first, signal.SIGKILL)

    assert await alice.closed() in {None, 1006}
    await bob.call("message.send", type="text", msg="still here")
    await asyncio.to_thread(_wait_for, lambda: len(_workers(site)) == 2 and _ready(site) == [200, 200])
    assert second in _workers(site)
    assert "Worker 1 was killed by SIGKILL. Restarting it." in site.log.read_text()
    assert (await bob.call("ping")) == "pong"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_all_workers_stop_together_and_close_connections_with_1012(
    site: Site, connect: Connect, number: signal.Signals
) -> None:
    people = [await connect(f"ws://127.0.0.1:{site.port + own}/acc") for own in (1, 2)]
    pids = _workers(site)

    code = await asyncio.to_thread(site.stop, number)

    assert [await one.closed() for one in people] == [1012, 1012]
    assert code == 0, site.log.read_text()
    assert all(map(_gone, pids))
    assert "Traceback" not in site.log.read_text()


def test_killing_the_parent_leaves_no_worker_behind(site: Site) -> None:
    pids = _workers(site)
    assert len(pids) == WORKERS

    site.kill()

    _wait_for(lambda: all(map(_gone, pids)))


def test_several_workers_need_redis(site_factory: SiteFactory) -> None:
    site = site_factory()

    with pytest.raises(RuntimeError, match="set REDIS_URL"):
        site.manage("serve", "--workers", "2")


def test_the_error_names_a_port_in_use(site: Site, site_factory: SiteFactory) -> None:
    other = site_factory(REDIS_URL="redis://127.0.0.1:1/0")

    with pytest.raises(RuntimeError, match=f"Port {site.port} of 127.0.0.1"):
        other.manage("serve", "--workers", "2", "--port", str(site.port))
