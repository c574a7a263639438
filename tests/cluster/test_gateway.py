"""The HTTP calls of other systems cover the whole cluster on any node."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
import uuid
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.cluster_members import wait_until_agreed
from tests.support.shared_site import Clients, UserClient
from tests.support.site import Site
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres

AT_ONCE = 50


async def _get(node: Site, path: str, **parameters: object) -> dict[str, Any]:
    return await _call(f"{node.url}{path}?{urllib.parse.urlencode(parameters)}", None)


async def _post(node: Site, path: str, **parameters: object) -> dict[str, Any]:
    return await _call(f"{node.url}{path}", urllib.parse.urlencode(parameters).encode())


async def _call(url: str, form: bytes | None) -> dict[str, Any]:
    def call() -> dict[str, Any]:
        with urllib.request.urlopen(urllib.request.Request(url, data=form), timeout=TIMEOUT_SECONDS) as reply:
            answer: dict[str, Any] = json.load(reply)
        assert answer["code"] == 200, answer
        return dict(answer["data"])

    return await asyncio.to_thread(call)


async def _seen_by(watcher: UserClient, *people: UserClient) -> None:
    """Wait until the cluster knows that they are online."""
    for person in people:
        await watcher.push("enter", fromId=person.id)


def _received_message_ids(person: Client, text: str) -> list[str]:
    return [item.seq for item in person.received if item.cmd == "msg" and item.data["msg"] == text]


async def test_all_nodes_give_the_same_list_of_online_users(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc, app=104)
    await node_clients.again(alice, at=two_nodes.b.acc)
    guest = await node_clients.guest(two_nodes.shared_site.guest_name("夏圭？"), at=two_nodes.b.acc, app=104)
    await _seen_by(alice, guest)

    for node in (two_nodes.a, two_nodes.b):
        listed = await _get(node, "/user/list", appID=104)
        assert sorted(listed["userList"]) == sorted([alice.name, guest.name]) and listed["userCount"] == 2
        for one in (alice, guest):
            assert (await _get(node, "/user/online", userID=one.name, appID=104))["online"]
            assert (await _get(node, "/user/online", userID=one.name))["online"]
            assert not (await _get(node, "/user/online", userID=one.name, appID=101))["online"]
    for person in (alice, guest):
        shown = await person.call("presence.list")
        assert {one["userId"] for one in shown["online"]} == {alice.name, guest.name} and shown["count"] == 2

    await guest.close()
    await alice.push("exit", fromId=guest.id)
    for node in (two_nodes.a, two_nodes.b):
        assert not (await _get(node, "/user/online", userID=guest.name))["online"]


async def test_a_push_reaches_an_account_and_a_guest_on_the_other_node(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    guest = await node_clients.guest(at=two_nodes.b.acc)
    await _seen_by(alice, bob, guest)

    for one in (bob, guest):
        number = uuid.uuid4().hex
        done = await _post(
            two_nodes.a, "/user/sendMessage", appID=101, userID=one.name, msgID=number, message="a parcel"
        )

        assert done == {"sendResults": True}
        assert (await one.push("msg", msg="a parcel")).seq == number


async def test_fifty_times_the_same_call_through_both_nodes_is_one_message(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    guest = await node_clients.guest(at=two_nodes.b.acc)
    await _seen_by(alice, bob, guest)
    calls = [
        ("/user/sendMessage", bob.name, [bob]),
        ("/user/sendMessage", guest.name, [guest]),
        ("/user/sendMessageAll", "warehouse", [alice, bob, guest]),
    ]
    for path, name, hearers in calls:
        number = uuid.uuid4().hex
        answers = await asyncio.gather(
            *(
                _post((two_nodes.a, two_nodes.b)[index % 2], path, appID=101, userID=name, msgID=number, message=number)
                for index in range(AT_ONCE)
            )
        )

        assert sorted(answers, key=len) == [{}] * (AT_ONCE - 1) + [{"sendResults": True}]
        for hearer in hearers:
            await hearer.push("msg", msg=number)
        last = uuid.uuid4().hex
        for node in (two_nodes.a, two_nodes.b):
            await _post(node, path, appID=101, userID=name, msgID=f"{last} {node.port}", message=f"{last} {node.port}")
        for hearer in hearers:
            for node in (two_nodes.a, two_nodes.b):
                await hearer.push("msg", msg=f"{last} {node.port}")
            assert _received_message_ids(hearer, number) == [number]


async def test_a_broadcast_in_the_name_of_a_user_on_the_other_node_skips_that_user(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    await _seen_by(alice, bob)
    text = uuid.uuid4().hex

    await _post(two_nodes.a, "/user/sendMessageAll", appID=101, userID=bob.name, msgID=text, message=text)

    assert (await alice.push("msg", msg=text)).data["fromId"] == bob.id
    await alice.say(alice.room, "the end")
    await bob.push("msg", msg="the end")
    assert _received_message_ids(bob, text) == []


async def test_the_state_covers_the_whole_cluster(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc, app=104)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, app=104)
    await node_clients.again(bob, at=two_nodes.a.acc)
    await _seen_by(alice, bob)
    await node_clients.stranger(at=two_nodes.b.acc)

    for node in (two_nodes.a, two_nodes.b):
        state: dict[str, Any] = {}

        async def all_have_answered(node: Site = node, state: dict[str, Any] = state) -> bool:
            state |= (await _get(node, "/system/state", isDebug="true"))["managerInfo"]
            return len(state["clients"]) == 4

        # A node that is too busy to answer in time counts as in its last report, without its addresses.
        await wait_until_agreed(all_have_answered)
        assert state["clientsLen"] == 4 == len(state["clients"]) and state["usersLen"] == 2
        assert sorted(state["users"]) == [f"104_{alice.name}", f"104_{bob.name}"]
        short = (await _get(node, "/system/state"))["managerInfo"]
        assert (short["clientsLen"], short["usersLen"]) == (4, 2) and "clients" not in short
