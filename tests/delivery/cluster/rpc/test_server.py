"""A node serves the calls of other nodes: real calls on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.cluster.entry_codec import encode_entry
from delivery.cluster.rpc import deliver_pb2
from delivery.cluster.rpc import server as grpc_server
from delivery.cluster.rpc.options import MAX_MESSAGE_BYTES
from delivery.cluster.rpc.peers import NodeState, Peers
from delivery.cluster.rpc.server import DeliverServer
from delivery.hub.encoders import encoders
from delivery.hub.hub import Hub
from delivery.log import Entry, MembershipInterval
from delivery.request_id import request_id, set_request_id
from tests.delivery.conftest import MemoryLog
from tests.support.cluster_rpc import (
    CREDENTIAL,
    bare_call,
    connected_peers,
    dropped,
    running_server,
    status,
)
from tests.support.listener import CODEC, listening, plain
from tests.support.waiting import wait_until

ALICE, BOB, CAROL, DORA = 1, 2, 3, 4
METHODS = ["Push", "FilterOnline", "ListOnline", "Close", "State"]


@pytest_asyncio.fixture
async def server(hub: Hub) -> AsyncIterator[DeliverServer]:
    async with running_server(hub) as made:
        yield made


@pytest_asyncio.fixture
async def peers(server: DeliverServer) -> AsyncIterator[Peers]:
    async with connected_peers({"a": server.port}) as made:
        yield made


@pytest_asyncio.fixture
async def only_pushes(hub: Hub, memory_log: MemoryLog, settings: Settings) -> None:
    """Stop the hub from reading the log, so that every delivered event came by a push."""
    settings.IM_EVENT_LOG_POLL_INTERVAL = 3600
    await wait_until(lambda: memory_log.reads >= 2)


# -- queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("only_pushes")
async def test_a_committed_event_for_alice_reaches_her_connection_on_this_node(
    hub: Hub, memory_log: MemoryLog, peers: Peers
) -> None:
    async with listening(hub, ALICE) as alice, listening(hub, BOB) as bob:
        await peers.push("a", memory_log.append(Entry(kind="msg", user_ids=(ALICE,), body={"text": "hi"})))
        assert await alice.until("msg@1") == ["msg@1"]
        assert bob.frames == []


async def test_a_transient_push_reaches_connected_users_and_moves_no_watermark(hub: Hub, peers: Peers) -> None:
    async with listening(hub, ALICE) as alice:
        await peers.push("a", [Entry(kind="read.mark", user_ids=(ALICE, CAROL), body={"readSeq": 1})])
        assert await alice.until("read.mark@0") == ["read.mark@0"]
        assert hub.watermark == 0


@pytest.mark.usefixtures("only_pushes")
async def test_every_field_of_an_entry_arrives(
    hub: Hub, memory_log: MemoryLog, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Entry] = []

    def encode(entry: Entry) -> str:
        shown.append(entry)
        return plain(entry)

    monkeypatch.setitem(encoders, CODEC, encode)
    about = {"channel": 10, "ref": 5, "subject": 1, "app": 101, "origin": "0123456789abcdef.3"}
    sent = Entry(kind="edit", header={"skip": [BOB]}, body={"a": [1, "ä"]}, **about)  # type: ignore[arg-type]
    memory_log.append(sent)
    async with listening(hub, ALICE, MembershipInterval(10, 0)) as alice:
        await peers.push("a", [sent])
        await alice.until("edit@1")
    assert shown == [sent]


@pytest.mark.usefixtures("only_pushes")
async def test_a_pushed_revocation_closes_the_named_connections(hub: Hub, memory_log: MemoryLog, peers: Peers) -> None:
    async with (
        listening(hub, ALICE, credential="token:phone") as phone,
        listening(hub, ALICE, credential="session:laptop") as laptop,
    ):
        revoke = {"revoke": {"credential": "token:phone", "except": None}}
        await peers.push("a", memory_log.append(Entry(kind="revocation", user_ids=(ALICE,), header=revoke)))
        assert await phone.closed() == 4001
        assert not laptop.closings


async def test_a_call_has_the_request_id_of_its_caller(hub: Hub, peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr(hub, "connections_of", lambda user_id: served.append(request_id()) or [])
    for own in ("0123456789abcdef.3", "0123456789abcdef.4"):
        set_request_id(own)
        await peers.close_connections("a", user_id=ALICE)
    set_request_id("")
    await peers.close_connections("a", user_id=ALICE)
    assert served[:2] == ["0123456789abcdef.3", "0123456789abcdef.4"] and served[2] not in ["", *served[:2]]


async def test_online_users_are_answered_for_all_apps_or_for_one(hub: Hub, peers: Peers) -> None:
    async with listening(hub, ALICE), listening(hub, ALICE, app=102), listening(hub, BOB, app=102):
        assert await peers.filter_online("a", [ALICE, BOB, CAROL]) == {ALICE, BOB}
        assert await peers.filter_online("a", [ALICE, BOB, CAROL], 101) == {ALICE}
        assert await peers.filter_online("a", [ALICE, BOB], 102) == {ALICE, BOB}
        assert await peers.filter_online("a", []) == set()
    assert await peers.filter_online("a", [ALICE, BOB]) == set()


async def test_a_query_for_many_users_is_split_into_several_calls(
    hub: Hub, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delivery.cluster.rpc.peers.USERS_PER_REQUEST", 10)
    async with listening(hub, 3), listening(hub, 10), listening(hub, 24):
        assert await peers.filter_online("a", range(25)) == {3, 10, 24}


async def test_the_online_users_of_an_app_come_in_pages(
    hub: Hub, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "USERS_PER_REPLY", 3)
    async with (
        listening(hub, DORA),
        listening(hub, ALICE),
        listening(hub, ALICE),
        listening(hub, CAROL),
        listening(hub, BOB, app=102),
        listening(hub, 9),
    ):
        assert await peers.list_online("a", 101) == ({ALICE: "user 1", CAROL: "user 3", DORA: "user 4"}, True)
        assert await peers.list_online("a", 101, after=DORA) == ({9: "user 9"}, False)
        assert await peers.list_online("a", 101, after=ALICE, limit=1) == ({CAROL: "user 3"}, True)
        assert await peers.list_online("a", 101, limit=10**6) == await peers.list_online("a", 101, limit=-1)
        assert await peers.list_online("a", 999) == ({}, False)


@pytest.mark.parametrize(
    ("user_id", "credential", "closed"),
    [
        (ALICE, None, "phone laptop"),
        (ALICE, "token:phone", "phone"),
        (None, "token:phone", "phone"),
        (ALICE, "token:bob", ""),
        (BOB, None, "bob"),
    ],
)
async def test_connections_are_closed_by_user_and_credential(
    hub: Hub, peers: Peers, user_id: int | None, credential: str | None, closed: str
) -> None:
    async with (
        listening(hub, ALICE, credential="token:phone") as phone,
        listening(hub, ALICE, credential="session:laptop") as laptop,
        listening(hub, BOB, credential="token:bob") as bob,
    ):
        assert await peers.close_connections("a", user_id=user_id, credential=credential) == len(closed.split())
        for name, listener in {"phone": phone, "laptop": laptop, "bob": bob}.items():
            assert listener.closings == ([4001] if name in closed else [])


async def test_a_close_request_must_name_a_user(hub: Hub, server: DeliverServer) -> None:
    nothing = deliver_pb2.CloseRequest(credential="").SerializeToString()
    async with listening(hub, ALICE) as alice:
        for request in (b"", nothing):
            assert await status(server.port, "/delivery.Deliver/Close", request) is grpc.StatusCode.INVALID_ARGUMENT
        assert not alice.closings


async def test_the_state_of_the_node_is_reported(hub: Hub, memory_log: MemoryLog, peers: Peers) -> None:
    async with listening(hub, ALICE), listening(hub, ALICE) as second:
        second.connection.is_attached = False
        hub.receive(memory_log.append(Entry(kind="x"), Entry(kind="x")))
        state = await peers.state("a")
        second.connection.is_attached = True
    assert state == NodeState("a", state.started, connections=2, logged_in=1, watermark=2, logging_in=1)
    assert state.started > 0


# -- malformed requests -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("only_pushes")
async def test_malformed_entries_are_dropped_and_counted_while_others_are_delivered(
    hub: Hub, memory_log: MemoryLog, server: DeliverServer
) -> None:
    good = [encode_entry(entry) for entry in memory_log.append(Entry(kind="msg", user_ids=(ALICE,)))]
    announced = encode_entry(Entry(kind="msg", user_ids=(ALICE,), position=2), body=False)
    garbage = [b"", b"\xff\xff\xff", b"{}", announced, good[0][:-1]]
    request = deliver_pb2.PushRequest(entries=[*garbage, *good, *garbage]).SerializeToString()
    before = dropped("malformed")
    async with listening(hub, ALICE) as alice:
        reply = await bare_call(server.port, "/delivery.Deliver/Push", request)
        assert await alice.until("msg@1") == ["msg@1"]
    assert deliver_pb2.PushReply.FromString(reply).dropped == len(garbage) * 2
    assert dropped("malformed") - before == len(garbage) * 2


async def test_a_push_that_cannot_be_encoded_does_not_stop_later_pushes(
    hub: Hub, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(entry: Entry) -> str:
        if entry.kind == "poison":
            raise ValueError("a poisoned body")
        return plain(entry)

    monkeypatch.setitem(encoders, CODEC, encode)
    before = dropped("undeliverable")
    async with listening(hub, ALICE) as alice:
        await peers.push("a", [Entry(kind=kind, user_ids=(ALICE,)) for kind in ("a", "poison", "b")])
        assert await alice.until("b@0") == ["a@0", "b@0"]
    assert dropped("undeliverable") - before == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_malformed_request_is_an_error_and_the_service_continues(
    server: DeliverServer, peers: Peers, method: str
) -> None:
    garbage = await status(server.port, f"/delivery.Deliver/{method}", b"\xff" * 50)
    assert garbage not in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert (await peers.state("a")).node == "a"


async def test_a_too_large_request_is_refused_and_the_service_continues(server: DeliverServer, peers: Peers) -> None:
    channel_options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", options=channel_options) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary("/delivery.Deliver/Push")(
                b"\0" * (MAX_MESSAGE_BYTES + 1), metadata=CREDENTIAL.metadata()
            )
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await peers.state("a")).node == "a"


# -- start and stop ---------------------------------------------------------------------------------------------------


async def test_two_nodes_cannot_share_a_port(hub: Hub, server: DeliverServer) -> None:
    second = DeliverServer(hub, CREDENTIAL, f"127.0.0.1:{server.port}", node="b")
    with pytest.raises(OSError, match=str(server.port)):
        await second.start()
    await second.stop()


async def test_a_server_starts_on_the_port_of_a_stopped_one(hub: Hub) -> None:
    async with running_server(hub) as first:
        port = first.port
    async with running_server(hub, port=port, node="again") as second, connected_peers({"a": second.port}) as peers:
        assert (await peers.state("a")).node == "again"


async def test_a_failed_call_of_a_polling_client_does_not_count_against_the_node(
    server: DeliverServer, peers: Peers, settings: Settings
) -> None:
    async def fail(action: str, connection: str, owner: str, body: bytes) -> tuple[int, bytes]:
        raise ValueError

    server.set_answer_poll(fail)
    for _ in range(settings.IM_CIRCUIT_BREAKER_FAILURES):
        assert await peers.poll("a", "poll", "connection", "owner", b"", wait_seconds=0) == (500, b"")
    assert not peers.is_circuit_open("a")
