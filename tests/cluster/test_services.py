"""A service manages its external users and searches through two nodes."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.support.promised import promised
from tests.support.rest import Service
from tests.support.shared_site import Clients
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

PROMISED = 5.0
"""Seconds until connections of a revoked token are closed on every node."""


async def test_a_service_admits_and_removes_its_external_user_on_every_node(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    shop = await asyncio.to_thread(Service.make, two_nodes.shared_site, "use_gateway", "add_externaluser")
    person, token = f"users/external/{uuid.uuid4()}/", ""
    made = await shop.call(two_nodes.a, "PUT", person, {"nickname": "马远"})
    found = await shop.call(two_nodes.b, "PUT", person, {})
    assert (made.status, found.status) == (201, 200) and made.data["userId"] == found.data["userId"]
    token = (await shop.call(two_nodes.b, "POST", f"{person}token/", {"seconds": 600})).data["serviceToken"]

    live = []
    for node in (two_nodes.a, two_nodes.b):
        stranger = await node_clients.stranger(at=node.acc)
        entered = await stranger.enter({"appId": 101, "serviceToken": token})
        assert (entered["userId"], entered["name"], entered["kind"]) == (made.data["userId"], "马远", "person")
        live.append(stranger)
    text = uuid.uuid4().hex
    assert (
        await shop.call(two_nodes.a, "POST", "messages/", {"to": {"user": made.data["userId"]}, "msg": text})
    ).status == 201
    for one in live:
        await one.push("msg", msg=text)

    assert (await shop.call(two_nodes.a, "DELETE", f"{person}token/")).status == 204
    async with promised(PROMISED, two_nodes.a, two_nodes.b):
        assert [await one.closed() for one in live] == [4001, 4001]
    for node in (two_nodes.a, two_nodes.b):
        stranger = await node_clients.stranger(at=node.acc)
        assert await stranger.code("login", appId=101, serviceToken=token) == 1003


async def test_fifty_concurrent_calls_create_one_external_user(two_nodes: TwoNodes) -> None:
    shop = await asyncio.to_thread(Service.make, two_nodes.shared_site, "add_externaluser")
    path = f"users/external/{uuid.uuid4()}/"
    calls = (
        shop.call((two_nodes.a, two_nodes.b)[turn % 2], "PUT", path, {"nickname": "Ma Yuan"}) for turn in range(50)
    )
    replies = await asyncio.gather(*calls)
    assert sorted(reply.status for reply in replies) == [200] * 49 + [201]
    assert len({reply.data["id"] for reply in replies}) == 1


async def test_a_message_sent_on_one_node_is_found_by_search_on_the_other(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    shop = await asyncio.to_thread(Service.make, two_nodes.shared_site, "use_gateway", "view_message")
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    word = f"x{uuid.uuid4().hex}"
    target = (await alice.call("channel.create", kind="public", name="Orders", members=[shop.name]))["target"]
    said = await alice.say(target, f"包裹 {word}")

    async def found(question: str) -> list[str]:
        reply = await shop.call(two_nodes.b, "GET", f"search/messages/?q={question}&channel={target}")
        assert reply.status == 200
        return [row["id"] for row in reply.data["results"]]

    async with asyncio.timeout(TIMEOUT_SECONDS):
        while await found(word) != [said["id"]]:  # noqa: ASYNC110  the index tells nobody when it has caught up
            await asyncio.sleep(0.05)
    await alice.call("message.recall", target=target, id=said["id"])
    assert await found(word) == []
