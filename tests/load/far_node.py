"""`python -m tests.load.far_node` measures a node that is far away from PostgreSQL, Redis and the other node.

Two nodes run on a private PostgreSQL and Redis: one beside them, and one behind proxies that delay all that it sends
to them and gets from them, its calls to the other node and the other's calls to it included. The users are near their
node. `PostgreSQL only` and `Redis only` delay the way to that one; the slope against no delay is the number of round
trips. The last column has users far away from a node that is near everything else. Raises TimeoutError if a message
does not arrive.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.chaos.tcp_proxy import TcpProxy
from tests.load import measurements, raw_socket
from tests.load.logins import PingClient
from tests.load.pressure.chunks import Acknowledgement, Pushes
from tests.load.pressure.connection import LoadConnection, Login, Member
from tests.support import postgres
from tests.support.cluster import Cluster
from tests.support.ports import free_port
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site

DISTANCES_MS = (0, 10, 40, 100)
PROBE_MS = 100
_ARRIVAL_SECONDS = 30.0
_PEOPLE = 5
_PAUSE_SECONDS = 0.17
"""Between sends beside others, so that they come at different times of the others' commits."""
_RELAXED = {"IM_API_RATE": "1000", "IM_READ_RATE": "1000", "IM_SEND_RATE": "1000", "IM_SEND_BURST": "1000"}


@dataclass(frozen=True)
class Way:
    """The milliseconds of a round trip from the far node to PostgreSQL, and to Redis and the other node.

    Or those from the users to a node that is near all of these.
    """

    name: str
    postgres: int
    rest: int
    users: int = 0


class Person(Member):
    """A user whose connection tells when a message was acknowledged or received."""

    def __init__(self, login: Login) -> None:
        super().__init__(login)
        self.arrivals: asyncio.Queue[float] = asyncio.Queue()

    def acknowledge(self, item: Acknowledgement) -> None:
        super().acknowledge(item)
        self.arrivals.put_nowait(time.perf_counter())

    def receive(self, pushes: Pushes) -> None:
        super().receive(pushes)
        self.arrivals.put_nowait(time.perf_counter())

    async def arrival(self) -> float:
        async with asyncio.timeout(_ARRIVAL_SECONDS):
            return await self.arrivals.get()


async def _connect(login: Login, port: int) -> Person:
    person = Person(login)
    person.connection = await raw_socket.connect(port, "/acc", LoadConnection(person))
    return person


async def _timed(call: Callable[[], Awaitable[object]], count: int) -> float:
    """Return the milliseconds of the fastest call, which is what the distance makes of it. The first one warms up."""
    seconds = []
    for _ in range(count + 1):
        began = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]) * 1e3


async def _sends(people: Sequence[Person], channel: str, count: int, pause: float = 0.0) -> list[list[float]]:
    """Let the first one send; return the milliseconds until each had the acknowledgement or the message, sorted."""
    waits = []
    for number in range(count + 1):
        await asyncio.sleep(pause)
        began = time.perf_counter()
        people[0].say(channel, f"{people[0].login.name}.{channel}.{number}")
        waits.append([await person.arrival() - began for person in people])
    return [sorted(seconds * 1e3 for seconds in column) for column in zip(*waits[1:], strict=True)]


async def _open(port: int, path: str, make: Callable[[], raw_socket.RawSocket]) -> None:
    (await raw_socket.connect(port, path, make())).close()


async def measure(ports: tuple[int, int], shared_site: SharedSite, service: Service, count: int) -> dict[str, float]:
    """Return milliseconds by what was done at the far node. `ports`: those of the near and the far node for users."""
    near, far = ports
    logins = [Login(account.name, account.token) for account in (shared_site.account("member") for _ in range(_PEOPLE))]
    people = [await _connect(login, port) for login, port in zip(logins, (far, far, near, near, far), strict=True)]
    sender, beside, there, their_sender, talker = people
    names = [login.name for login in logins[1:4]]
    assert sender.connection
    made = await sender.call("channel.create", kind="public", name="Regions", members=names)
    channel = str(made["target"])
    # Writes in the background end, and first queries are planned.
    await asyncio.sleep(2)
    figures: dict[str, float] = {}
    acknowledged, same, other, _ = await _sends([sender, beside, there, their_sender], channel, count)
    figures["send: acknowledged"], figures["send: received on the same node"] = acknowledged[0], same[0]
    figures["send: received on the near node"] = other[0]
    back = await _sends([their_sender, there, sender, beside], channel, count)
    figures["near node's send: acknowledged"] = back[0][0]
    figures["near node's send: received on the far node"] = back[2][0]
    figures["history page"] = await _timed(lambda: sender.call("message.history", target=channel, limit=50), count)
    figures["sync"] = await _timed(lambda: sender.call("sync", after=sender.position), count)
    figures["connection: handshake and ping"] = await _timed(lambda: _open(far, "/acc", PingClient), count)
    figures["connection: handshake and log-in"] = await _timed(
        lambda: _open(far, "/acc", lambda: LoadConnection(Member(logins[0]))), count
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{far}", timeout=60) as caller:
        online = {"userID": logins[2].name, "appID": "101"}
        figures["GET /user/online"] = await _timed(lambda: _get(caller, "/user/online", online), count)
        caller.headers["Authorization"] = f"Bearer {service.token}"
        figures["the same with a token"] = await _timed(lambda: _get(caller, "/user/online", online), count)
        body = {"to": {"user": logins[2].name}, "msg": "Your build is green."}
        figures["POST messages/"] = await _timed(lambda: _post(caller, "/api/v1/messages/", body), count)
        caller.headers.pop("Authorization")
        figures["the chat page, signed out"] = await _timed(lambda: _get(caller, "/", {}), count)
    figures["near node's send: acknowledged while the far node sends, slowest"] = await _send_beside(
        talker, their_sender, 2 * count
    )
    for person in (*people, talker):
        if person.connection:
            person.connection.abandon()
    return figures


async def _send_beside(talker: Person, sender: Person, count: int) -> float:
    """Let one send all the time; return the most milliseconds until another's message is acknowledged."""
    channels = []
    for person in (talker, sender):
        made = await person.call("channel.create", kind="public", name="Alone", members=[])
        channels.append(str(made["target"]))
    task = asyncio.create_task(_talk(talker, channels[0]))
    found = await _sends([sender], channels[1], count, pause=_PAUSE_SECONDS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return found[0][-1]


async def _talk(person: Person, channel: str) -> None:
    """Send the next message as soon as the one before is acknowledged."""
    for number in itertools.count():
        person.say(channel, f"{person.login.name}.talk.{number}")
        await person.arrival()


async def _get(caller: httpx.AsyncClient, path: str, query: dict[str, str]) -> None:
    (await caller.get(path, params=query)).raise_for_status()


async def _post(caller: httpx.AsyncClient, path: str, body: Mapping[str, object]) -> None:
    (await caller.post(path, json=body)).raise_for_status()


@contextlib.asynccontextmanager
async def _distant(cluster: Cluster, way: Way) -> AsyncIterator[tuple[int, int]]:
    """Put delays on all ways of the second node to the rest, and start the nodes. Yields their ports for users."""
    near, far = cluster.nodes
    database_port = urlsplit(near.database_url).port
    assert database_port
    async with contextlib.AsyncExitStack() as stack:

        async def proxy(port: int, milliseconds: int) -> int:
            return (await stack.enter_async_context(TcpProxy(port, delay=milliseconds / 2e3))).port

        far.database_url = near.database_url.replace(
            f":{database_port}", f":{await proxy(database_port, way.postgres)}", 1
        )
        redis_port = cluster.redis.port
        far.options["REDIS_URL"] = cluster.redis.url.replace(
            f":{redis_port}/", f":{await proxy(redis_port, way.rest)}/"
        )
        for node in cluster.nodes:
            port = free_port()
            node.options |= {"IM_GRPC_PORT": str(port), "IM_NODE_ADDRESS": f"127.0.0.1:{await proxy(port, way.rest)}"}
        try:
            await asyncio.to_thread(cluster.start)
            yield near.port, await proxy(far.port, way.users)
        finally:
            await asyncio.to_thread(cluster.stop)


async def _run(site: Site, ways: Sequence[Way], count: int) -> list[dict[str, float]]:
    site.manage("setup")
    found = []
    with contextlib.closing(SharedSite(site, {"member": _PEOPLE * len(ways)})) as shared_site:
        service = Service.make(shared_site, "use_gateway")
        for way in ways:
            cluster = Cluster(site.data, count=2, database_url=site.database_url, options=_RELAXED)
            async with _distant(cluster, way) as ports:
                found.append(await measure(ports, shared_site, service, count))
            print(f"{way.name} is measured", file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=15, help="how often each thing is done")
    options = parser.parse_args()
    ways = [Way(f"{distance} ms", distance, distance) for distance in DISTANCES_MS]
    ways += [Way("PostgreSQL only", PROBE_MS, 0), Way("Redis only", 0, PROBE_MS)]
    ways.append(Way("near node, far users", 0, 0, PROBE_MS))
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-far-")))
        url = stack.enter_context(postgres.database("far"))
        found = asyncio.run(_run(Site(data, database_url=url), ways, options.count))
    environment = measurements.environment()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("channels-redis", "redis", "grpcio", "psycopg"))
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}, {libraries}; PostgreSQL")
    print(f"the fastest of {options.count}, in ms; round trips: slopes\n")
    *by_distance, database, rest, users = found
    head = ["at the far node", *(way.name for way in ways[: len(by_distance)])]
    head += ["round trips to PostgreSQL", "to Redis and the near node", "in all"]
    head.append(f"near node, users {PROBE_MS} ms away")
    print(f"| {' | '.join(head)} |\n{'| --- ' * len(head)}|")
    for name in by_distance[0]:
        none, last = by_distance[0][name], by_distance[-1][name]
        slopes = [(one[name] - none) / PROBE_MS for one in (database, rest)] + [(last - none) / DISTANCES_MS[-1]]
        cells = [f"{one[name]:.0f}" for one in by_distance] + [f"{slope:.1f}" for slope in slopes]
        print(f"| {' | '.join([name, *cells, f'{users[name]:.0f}'])} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
