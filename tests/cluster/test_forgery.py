"""Forged input has no effect, neither on the channel layer nor by gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import msgpack
import pytest
from redis.asyncio import Redis

from delivery.cluster.entry_codec import encode_entry
from delivery.cluster.rpc import deliver_pb2, deliver_pb2_grpc
from delivery.log import Entry
from tests.support.monitoring import metrics
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

LOG = "imsite__group__log"
SEAL = b"\0" * 16


def _dropped(two_nodes: TwoNodes, reason: str) -> list[float]:
    name = f'imsite_layer_dropped_total{{reason="{reason}"}}'
    return [metrics(node.url).get(name, 0) for node in (two_nodes.a, two_nodes.b)]


async def _publish(two_nodes: TwoNodes, channel: str, *messages: bytes) -> None:
    """Publish as the stock pub/sub layer does."""
    async with Redis.from_url(two_nodes.cluster.redis.url) as redis:
        for message in messages:
            assert await redis.publish(channel, message) == 2, "both nodes listen"


async def _until_dropped(two_nodes: TwoNodes, reason: str, before: list[float], count: int) -> None:
    def all_counted() -> bool:
        return _dropped(two_nodes, reason) == [value + count for value in before]

    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await asyncio.to_thread(all_counted):  # noqa: ASYNC110  a counter has no event
            await asyncio.sleep(0.02)


async def _one_on_each(two_nodes: TwoNodes, node_clients: Clients) -> tuple[UserClient, UserClient, str]:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    group = await alice.group(bob)
    await alice.say(group, "ready")
    await bob.push("msg", msg="ready")
    return alice, bob, group


async def _assert_only(alice: UserClient, bob: UserClient, group: str, texts: list[str]) -> None:
    """Assert that they got nothing else, are still connected, and get what follows."""
    await alice.say(group, "the end")
    await bob.push("msg", msg="the end")
    for person in (alice, bob):
        await person.settle()
        heard = [item.data["msg"] for item in person.received if item.cmd == "msg" and item.data["target"] == group]
        assert heard == (texts if person is bob else [])


def _forgeries(bob: UserClient, group: str) -> list[Entry]:
    body = {"target": group, "type": "text", "msg": "forged", "from": "x", "fromId": "1", "id": "9", "seq": 9}
    room = int(group)
    return [
        Entry(kind="msg", channel=room, body=body, time=1),
        Entry(kind="msg", channel=room, body=body, time=1, position=2**40),
        Entry(kind="msg", user_ids=(int(bob.id),), body=body, time=1),
        Entry(
            kind="revocation", user_ids=(int(bob.id),), header={"revoke": {"credential": None, "except": None}}, time=1
        ),
    ]


async def test_a_forged_push_is_dropped_and_counted(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice, bob, group = await _one_on_each(two_nodes, node_clients)
    forgeries = _forgeries(bob, group)
    # The next positions of the log, used early.
    at = (await alice.call("heartbeat"))["position"]
    forgeries += [
        Entry(kind="channel.note", user_ids=(int(bob.id),), time=1, position=at + step) for step in range(1, 4)
    ]
    before = _dropped(two_nodes, "forged")

    for kind in ("announce", "bodies"):
        for node in ("node-1", "node-2", "x"):
            packed = [encode_entry(entry, body=kind == "bodies") for entry in forgeries]
            message = {"type": kind, "node": node, "entries": packed, "seal": SEAL}
            await _publish(two_nodes, LOG, msgpack.packb(message))
            await _publish(two_nodes, f"imsite__group__c.{group}", msgpack.packb(message))

    await _until_dropped(two_nodes, "forged", before, 12)
    await _assert_only(alice, bob, group, ["ready", "the end"])


async def test_a_malformed_push_is_dropped_and_counted(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice, bob, group = await _one_on_each(two_nodes, node_clients)
    sane: dict[str, Any] = {"type": "announce", "node": "node-9", "entries": [], "seal": SEAL}
    malformed = [
        b"",
        b"\xc1",
        b"\x92\x01",
        b"not msgpack at all",
        msgpack.packb(7),
        msgpack.packb([]),
        msgpack.packb({}),
        msgpack.packb({"type": "announce"}),
        msgpack.packb(sane | {"seal": 7}),
        msgpack.packb(sane | {"seal": "ü"}),
        msgpack.packb(sane | {"entries": 7}),
        msgpack.packb(sane | {"entries": ["text"]}),
        msgpack.packb(sane | {"entries": [None]}),
        b"\x91" * 3000,
    ]
    before = _dropped(two_nodes, "malformed")

    await _publish(two_nodes, LOG, *malformed)

    await _until_dropped(two_nodes, "malformed", before, len(malformed))
    await _assert_only(alice, bob, group, ["ready", "the end"])


@pytest.mark.parametrize(
    ("method", "request_of"),
    [
        ("Push", lambda bob, group: deliver_pb2.PushRequest(entries=map(encode_entry, _forgeries(bob, group)))),
        ("FilterOnline", lambda bob, group: deliver_pb2.FilterOnlineRequest(user_ids=[int(bob.id)])),
        ("ListOnline", lambda bob, group: deliver_pb2.ListOnlineRequest(app=101)),
        ("Close", lambda bob, group: deliver_pb2.CloseRequest(user_id=int(bob.id))),
        ("State", lambda bob, group: deliver_pb2.StateRequest()),
    ],
)
@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer guessed"),)], ids=["nothing", "a guess"])
async def test_a_call_without_the_credential_has_no_effect(
    two_nodes: TwoNodes, node_clients: Clients, method: str, request_of: Callable[[UserClient, str], Any], metadata: Any
) -> None:
    alice, bob, group = await _one_on_each(two_nodes, node_clients)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{two_nodes.b.grpc_port}") as channel:
        stub: Any = deliver_pb2_grpc.DeliverStub(channel)  # type: ignore[no-untyped-call]

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub, method)(request_of(bob, group), metadata=metadata, timeout=TIMEOUT_SECONDS)

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    await _assert_only(alice, bob, group, ["ready", "the end"])
