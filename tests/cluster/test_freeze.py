"""A node is frozen at any moment: the others continue, and it recovers when it resumes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
import redis

from tests.cluster.conftest import ClusterFactory
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.cluster import Cluster, Node
from tests.support.cluster_members import wait_until_agreed
from tests.support.monitoring import get, metrics
from tests.support.waiting import TIMEOUT_SECONDS

FREEZING = "tests.support.freezing"
NAMES = ("alice", "bob", "carol")


class FreezeScenario:
    """Alice and Carol on the first node, Bob on the second, with a group and a private channel of Alice and Bob."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.well, self.frozen = cluster.nodes
        self.alice: Client
        self.bob: Client
        self.carol: Client
        self.group = self.private = ""

    async def set(self) -> None:
        tokens = await asyncio.to_thread(register, self.well, NAMES)
        nodes = {"alice": self.well, "bob": self.frozen, "carol": self.well}
        for name in NAMES:
            client = await Client.connect(nodes[name].acc)
            await client.login_token(tokens[name])
            setattr(self, name, client)
        made = await self.alice.call("channel.create", kind="public", name="Ice", members=["bob", "carol"])
        self.group = made["target"]
        self.private = (await self.alice.call("channel.create", kind="private", members=["bob"]))["target"]
        await self.bob.push("channel.note", target=self.private)

    def mark(self) -> Path:
        """The file that asks the second node to freeze before a commit."""
        return self.cluster.data / f"freeze.{self.frozen.name}"


@pytest.fixture
def cluster(cluster_factory: ClusterFactory, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with cluster_factory(DJANGO_SETTINGS_MODULE=FREEZING, **request.param) as running:
        yield running


@pytest_asyncio.fixture
async def scenario(cluster: Cluster) -> AsyncIterator[FreezeScenario]:
    scenario = FreezeScenario(cluster)
    await scenario.set()
    yield scenario
    scenario.frozen.thaw()
    for client in (scenario.alice, scenario.bob, scenario.carol):
        await client.close()


def _stopped(node: Node) -> bool:
    """Return whether the whole process is stopped."""
    return Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _leased_connections(cluster: Cluster) -> int:
    """Return the number of connections that the nodes state in their leases."""
    with redis.Redis.from_url(cluster.redis.url, decode_responses=True) as client:
        return sum(int(client.hget(key, "connections") or 0) for key in client.scan_iter("im:lease:*"))


def _state(node: Node) -> tuple[int, int]:
    """Return the cluster's connections by this node's count, and how many of them have an address."""
    state = json.loads(get(f"{node.url}/system/state?isDebug=true").text)["data"]["managerInfo"]
    return state["clientsLen"], len(state["clients"])


async def _until(condition: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.01)


async def _freeze_before_commit(scenario: FreezeScenario, text: str) -> asyncio.Future[Any]:
    """Send a message of Bob to the group; his node freezes after locking and writing, before the commit."""
    scenario.mark().touch()
    said = await scenario.bob.post("message.send", target=scenario.group, type="text", msg=text, clientMsgId=text)
    await _until(lambda: _stopped(scenario.frozen))
    return said


async def _say(client: Client, target: str, text: str) -> dict[str, Any]:
    reply: dict[str, Any] = await client.call("message.send", target=target, type="text", msg=text, clientMsgId=text)
    return reply


async def _history(client: Client, target: str) -> list[tuple[int, str]]:
    messages = (await client.call("message.history", target=target, limit=100))["messages"]
    return [(message["seq"], message["msg"]) for message in messages]


def _positions(cluster: Cluster) -> list[int]:
    with psycopg.connect(cluster.nodes[0].database_url) as database:
        return [row[0] for row in database.execute("SELECT position FROM delivery_event ORDER BY position")]


def _calls(node: Node, result: str) -> float:
    """Return how many pushes to another node have ended with this result."""
    return metrics(node.url).get(f'imsite_grpc_calls_total{{method="Push",result="{result}"}}', 0)


@pytest.mark.postgres
@pytest.mark.parametrize("cluster", [{}], indirect=True)
async def test_a_node_frozen_before_its_commit_blocks_others_briefly(scenario: FreezeScenario) -> None:
    """The database ends its transaction before another lock wait times out, so every send succeeds."""
    said = await _freeze_before_commit(scenario, "bob's")

    # All of these need a row that Bob's transaction has locked: the channel, or at least the log's counter.
    told = await asyncio.gather(
        *(_say(scenario.alice, scenario.group, f"group {number}") for number in range(5)),
        *(_say(scenario.carol, scenario.group, f"carol {number}") for number in range(5)),
        *(_say(scenario.alice, scenario.private, f"private {number}") for number in range(5)),
    )
    await scenario.carol.push("msg", target=scenario.group, msg="group 4")
    await scenario.alice.push("msg", target=scenario.group, msg="carol 4")
    assert not said.done()

    scenario.frozen.thaw()

    assert (await asyncio.wait_for(said, TIMEOUT_SECONDS)).code == 1008, "not stored, and told so"
    first = await _say(scenario.bob, scenario.group, "bob's")
    assert await _say(scenario.bob, scenario.group, "bob's") == first, "once"
    for number in range(5):
        await scenario.bob.push("msg", target=scenario.group, msg=f"group {number}")
        await scenario.bob.push("msg", target=scenario.private, msg=f"private {number}")
    await scenario.alice.push("msg", target=scenario.group, msg="bob's")
    history = await _history(scenario.alice, scenario.group)
    assert [seq for seq, _ in history] == list(range(1, 12))
    assert [text for _, text in history].count("bob's") == 1
    positions = await asyncio.to_thread(_positions, scenario.cluster)
    assert positions == list(range(1, positions[-1] + 1))
    assert first["position"] == positions[-1] > max(one["position"] for one in told)


@pytest.mark.postgres
@pytest.mark.parametrize("cluster", [{"IM_RPC_TIMEOUT": "120"}], indirect=True)
async def test_a_call_to_a_frozen_node_delays_nothing_else(scenario: FreezeScenario) -> None:
    """Calls would hang for minutes here, so waiting for one would fail the test."""
    scenario.frozen.freeze()
    await _until(lambda: _stopped(scenario.frozen))
    for number in range(5):
        await _say(scenario.alice, scenario.private, f"private {number}")
        await _say(scenario.alice, scenario.group, f"group {number}")
        await scenario.carol.push("msg", target=scenario.group, msg=f"group {number}")
    assert (await scenario.carol.call("presence.list"))["count"] >= 2

    scenario.frozen.thaw()

    for number in range(5):
        await scenario.bob.push("msg", target=scenario.private, msg=f"private {number}")
        await scenario.bob.push("msg", target=scenario.group, msg=f"group {number}")
    positions = [envelope.data["position"] for envelope in scenario.bob.received if envelope.cmd == "msg"]
    assert positions == sorted(set(positions))


@pytest.mark.each_database
@pytest.mark.parametrize(
    "cluster",
    [
        {
            "IM_RPC_TIMEOUT": "0.3",
            "IM_CIRCUIT_BREAKER_FAILURES": "2",
            "IM_CIRCUIT_BREAKER_PAUSE_SECONDS": "0.5",
            "IM_NODE_LEASE_SECONDS": "6",
            "IM_PRESENCE_GRACE_SECONDS": "0.1",
        }
    ],
    indirect=True,
)
async def test_a_frozen_node_opens_the_circuit_goes_offline_and_returns(scenario: FreezeScenario) -> None:
    """Calls to it end at their deadline, the circuit opens and its lease lapses; on resuming it takes a new lease."""
    await _say(scenario.alice, scenario.private, "before")
    await scenario.bob.push("msg", target=scenario.private, msg="before")
    await _until(lambda: _leased_connections(scenario.cluster) == len(NAMES))
    scenario.frozen.freeze()
    await _until(lambda: _stopped(scenario.frozen))
    sent = 0
    while not await asyncio.to_thread(_calls, scenario.well, "circuit_open"):
        await _say(scenario.alice, scenario.private, f"meanwhile {sent}")
        sent += 1

    assert await asyncio.to_thread(_calls, scenario.well, "deadline") >= 2
    # The frozen node's connections count as in its last report.
    await _until(lambda: _state(scenario.well) == (3, 2))
    await scenario.alice.push("exit", **{"from": "bob"})
    online = await scenario.alice.call("presence.list")
    assert [person["userId"] for person in online["online"]] == ["alice", "carol"]

    scenario.frozen.thaw()

    await scenario.alice.push("enter", **{"from": "bob"})
    for number in range(sent):
        await scenario.bob.push("msg", target=scenario.private, msg=f"meanwhile {number}")

    async def all_are_online() -> bool:
        online = await scenario.alice.call("presence.list")
        return {person["userId"] for person in online["online"]} == set(NAMES)

    # It may have reported Bob by itself first, because its Redis command had no answer in time when it froze.
    await wait_until_agreed(all_are_online)
    # Events for Bob arrive by a call again, not by a read of the log.
    calls = await asyncio.to_thread(_calls, scenario.well, "ok")
    while await asyncio.to_thread(_calls, scenario.well, "ok") == calls:
        await _say(scenario.alice, scenario.private, f"after {sent}")
        sent += 1
    await _say(scenario.bob, scenario.group, "I am well")
    await scenario.alice.push("msg", target=scenario.group, msg="I am well")


@pytest.mark.postgres
@pytest.mark.parametrize("cluster", [{"IM_RPC_TIMEOUT": "1"}], indirect=True)
async def test_a_node_frozen_repeatedly_under_load_loses_nothing(scenario: FreezeScenario) -> None:
    """It freezes at any point: every user gets every message once and in order, and refused messages are not stored."""
    stop = asyncio.Event()
    told: dict[str, int] = {}

    async def talk(client: Client, name: str) -> None:
        number = 0
        while not stop.is_set():
            text = f"{name} {number}"
            while (answer := await _send_patiently(client, scenario.group, text)).code != 200:
                assert answer.code == 1008, answer
            told[text] = answer.data["seq"]
            number += 1

    talks = [asyncio.create_task(talk(getattr(scenario, name), name)) for name in NAMES]
    for round_ in range(4):
        at = len(told) + 30
        await _until(lambda at=at: len(told) >= at)  # type: ignore[misc]
        if round_ % 2:
            scenario.mark().touch()
        else:
            scenario.frozen.freeze()
        await _until(lambda: _stopped(scenario.frozen))
        others = sum(not text.startswith("bob") for text in told) + 30
        await _until(lambda others=others: sum(not text.startswith("bob") for text in told) >= others)  # type: ignore[misc]
        scenario.frozen.thaw()
    stop.set()
    await asyncio.gather(*talks)

    for name in NAMES:
        client: Client = getattr(scenario, name)
        await client.until(lambda client=client: len(_received_numbers(client, scenario.group)) == len(told))  # type: ignore[misc]
        assert _received_numbers(client, scenario.group) == list(range(1, len(told) + 1)), name
    assert sorted(told.values()) == list(range(1, len(told) + 1))
    positions = await asyncio.to_thread(_positions, scenario.cluster)
    assert positions == list(range(1, positions[-1] + 1))


async def _send_patiently(client: Client, target: str, text: str) -> Any:
    """Send a message, waiting as long as its node may be frozen."""
    reply = await client.post("message.send", target=target, type="text", msg=text, clientMsgId=text)
    return await asyncio.wait_for(reply, 60)


def _received_numbers(client: Client, target: str) -> list[int]:
    """Return the numbers of the received messages in order, from pushes and from replies to own sends."""
    return [
        item.data["seq"]
        for item in client.received
        if item.cmd in {"msg", "message.send"} and item.code == 200 and item.data["target"] == target
    ]
