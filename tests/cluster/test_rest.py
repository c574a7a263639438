"""The REST API covers the whole cluster on any node."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import closing
from typing import Any

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.promised import promised
from tests.support.rest import Answer, Service
from tests.support.shared_site import Clients
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

AT_ONCE = 50


@pytest.fixture
def shop(two_nodes: TwoNodes) -> Service:
    return Service.make(two_nodes.shared_site, "use_gateway")


async def _status(shop: Service, two_nodes: TwoNodes, sent: dict[str, Any], connections: int) -> dict[str, Any]:
    """Return the message's status, asked of the nodes in turn, once this many deliveries are stored."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        for turn in range(1000):
            reply = await shop.call((two_nodes.a, two_nodes.b)[turn % 2], "GET", f"messages/{sent['id']}/status/")
            assert reply.status == 200
            if reply.data["delivered"] >= connections:
                return dict(reply.data)
    raise AssertionError(reply.data)


async def test_a_message_reaches_a_user_on_another_node_and_an_offline_user_later(
    two_nodes: TwoNodes, node_clients: Clients, shop: Service
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.b.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    left_at = (await bob.call("heartbeat"))["position"]
    await bob.close()
    await alice.push("exit", fromId=bob.id)
    text = uuid.uuid4().hex

    reply = await shop.call(two_nodes.a, "POST", "messages/", {"to": {"users": [alice.name, bob.name]}, "msg": text})

    assert reply.status == 201
    to_alice, to_bob = reply.data["messages"]
    assert (to_alice["online"], to_bob["online"]) == (True, False)
    push = await alice.push("msg", msg=text)
    assert (push.data["id"], push.data["from"]) == (to_alice["id"], shop.name)
    at_alice = await _status(shop, two_nodes, to_alice, connections=1)
    assert [(one["userId"], one["connections"]) for one in at_alice["persons"]] == [(alice.name, 1)]
    at_bob = await _status(shop, two_nodes, to_bob, connections=0)
    assert (at_bob["stored"], at_bob["delivered"], at_bob["persons"]) == (True, 0, [])

    assert bob.account is not None
    back = await node_clients.login(bob.account, at=two_nodes.a.acc, after=left_at)
    page = await back.call("sync", after=left_at)
    assert [event["response"]["data"]["msg"] for event in page["events"] if event["cmd"] == "msg"] == [text]
    at_bob = await _status(shop, two_nodes, to_bob, connections=1)
    assert [(one["userId"], one["connections"]) for one in at_bob["persons"]] == [(bob.name, 1)]
    assert at_bob["readBy"] == []
    await back.call("read.mark", target=to_bob["target"], seq=to_bob["seq"])
    assert [one["userId"] for one in (await _status(shop, two_nodes, to_bob, connections=1))["readBy"]] == [bob.name]


async def test_fifty_identical_requests_through_both_nodes_store_one_message(
    two_nodes: TwoNodes, node_clients: Clients, shop: Service
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.b.acc)
    text, key = uuid.uuid4().hex, uuid.uuid4().hex
    body = {"to": {"user": alice.name}, "msg": text}

    replies = await asyncio.gather(
        *(
            shop.call((two_nodes.a, two_nodes.b)[turn % 2], "POST", "messages/", body, Idempotency_Key=key)
            for turn in range(AT_ONCE)
        )
    )

    assert sorted(reply.status for reply in replies) == [200] * (AT_ONCE - 1) + [201]
    assert [reply.data for reply in replies] == [replies[0].data] * AT_ONCE
    for node in (two_nodes.a, two_nodes.b):
        other = await shop.call(node, "POST", "messages/", body | {"msg": "other"}, Idempotency_Key=key)
        assert other.status == 409
    await shop.call(two_nodes.b, "POST", "messages/", {"to": {"user": alice.name}, "msg": "the end"})
    await alice.push("msg", msg="the end")
    assert [item.data["msg"] for item in alice.received if item.cmd == "msg"] == [text, "the end"]


async def test_a_bulk_call_retried_through_both_nodes_stores_each_message_once(
    two_nodes: TwoNodes, node_clients: Clients, shop: Service
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    key = uuid.uuid4().hex
    messages = [{"to": {"user": (alice, bob)[turn % 2].name}, "msg": f"{key} {turn}"} for turn in range(60)]

    replies = await asyncio.gather(
        *(
            shop.call(
                (two_nodes.a, two_nodes.b)[turn % 2],
                "POST",
                "messages/bulk/",
                {"messages": messages},
                Idempotency_Key=key,
            )
            for turn in range(6)
        )
    )

    for number in range(60):
        results = [reply.data["results"][number] for reply in replies]
        assert sorted(one["status"] for one in results) == [200] * 5 + [201]
        assert len({one["messages"][0]["id"] for one in results}) == 1
    for person in (alice, bob):
        mine = [message["msg"] for message in messages if message["to"]["user"] == person.name]
        await person.push("msg", msg=mine[-1])
        assert [item.data["msg"] for item in person.received if item.cmd == "msg"] == mine


async def test_all_nodes_answer_alike_which_users_are_online_and_where(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    shop = Service.make(two_nodes.shared_site, "use_gateway", "view_state")
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc, app=104)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, app=104)
    await alice.push("enter", fromId=bob.id)

    for node in (two_nodes.a, two_nodes.b):
        asked = await shop.call(node, "POST", "presence/query/", {"users": [alice.name, bob.name, "ghost"], "app": 104})
        assert asked.data["online"] == {alice.name: True, bob.name: True, "ghost": False}
        assert (await shop.call(node, "GET", f"presence/{bob.name}/")).data["apps"] == [104]
        apps = (await shop.call(node, "GET", "apps/")).data["results"]
        assert [one["online"] for one in apps if one["appId"] == 104] == [2]
        listed = (await shop.call(node, "GET", "apps/104/online/")).data
        assert [one["id"] for one in listed["results"]] == sorted([alice.id, bob.id], key=int)
        nodes = (await shop.call(node, "GET", "nodes/")).data["results"]
        assert [one["id"] for one in nodes] == [two_nodes.a.name, two_nodes.b.name]


async def test_a_revoked_token_is_refused_on_every_node_and_is_in_no_log(cluster_factory: ClusterFactory) -> None:
    with cluster_factory(IM_LOG_LEVEL="DEBUG") as cluster, closing(TwoNodes(cluster)) as two_nodes:
        shop = Service.make(two_nodes.shared_site, "use_gateway")
        ask = {"users": [two_nodes.shared_site.account("alice").name]}

        async def everywhere() -> list[Answer]:
            return [await shop.call(node, "POST", "presence/query/", ask) for node in (two_nodes.a, two_nodes.b)]

        assert [reply.status for reply in await everywhere()] == [200, 200]
        refused = [await shop.call(node, "GET", "nodes/") for node in (two_nodes.a, two_nodes.b)]
        assert [(reply.status, reply.data["code"]) for reply in refused] == [(403, 1003)] * 2
        assert all("chat.view_state" in reply.data["detail"] for reply in refused)
        # Invalid tokens, and tokens in a wrong place, are in no log either.
        wrong = Service("nobody", f"{shop.token[:-1]}{'0' if shop.token[-1] != '0' else '1'}")
        assert (await wrong.call(two_nodes.a, "GET", "apps/")).status == 401

        await asyncio.to_thread(shop.revoke, two_nodes.shared_site)
        async with promised(5, two_nodes.a, two_nodes.b):
            await asyncio.gather(*(shop.refused_by(node) for node in (two_nodes.a, two_nodes.b)))

        assert [(reply.status, reply.data["code"]) for reply in await everywhere()] == [(401, 1000)] * 2
        for node in (two_nodes.a, two_nodes.b):
            log = node.log.read_text(errors="replace")
            assert shop.token not in log and wrong.token not in log
            assert shop.token[:15] not in log
