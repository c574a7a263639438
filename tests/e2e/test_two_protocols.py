"""Users of `/ws` and of `/acc` share one conversation over real sockets, starting with their registration."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from chat.wire import im_pb2 as im
from tests.support.protobuf_client import ProtobufClient
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database

Phone = Callable[..., Awaitable[ProtobufClient]]


def ask(shared_site: SharedSite, path: str, token: str = "", /, **fields: object) -> dict[str, Any]:
    body = urllib.parse.urlencode(fields, doseq=True).encode()
    request = urllib.request.Request(shared_site.site.url + path, data=body, headers={"token": token})
    with urllib.request.urlopen(request, timeout=20) as answer:
        content: dict[str, Any] = json.loads(answer.read())
    assert content["code"] == 200, content
    return content["data"] or {}


@pytest_asyncio.fixture
async def phone(shared_site: SharedSite) -> AsyncIterator[Phone]:
    """Return a function that opens connections to the shared site's `/ws`."""
    clients: list[ProtobufClient] = []

    async def open_client(token: str, user: int | str, *, sync: int = 0) -> ProtobufClient:
        client = await ProtobufClient.connect(shared_site.site.acc.replace("/acc", "/ws"), int(user))
        clients.append(client)
        assert (await client.login(token, sync=sync)).code == 200
        return client

    yield open_client
    for client in clients:
        await client.close()


async def registered(shared_site: SharedSite, number: str) -> dict[str, Any]:
    fields = {
        "phone_number": f"{shared_site.guest_name(number)}"[:20],
        "nickname": "Phone",
        "password": "a good password",
    }
    made = await asyncio.to_thread(ask, shared_site, "/register", **fields)
    again = await asyncio.to_thread(ask, shared_site, "/login", **fields)
    assert again["user_id"] == made["id"]
    return made


async def test_a_phone_and_a_browser_chat_in_private_and_in_a_group(
    clients: Clients, shared_site: SharedSite, phone: Phone
) -> None:
    made = await registered(shared_site, "1")
    bob = await phone(made["token"], made["id"])
    [alice] = await clients("alice")
    await asyncio.to_thread(ask, shared_site, "/friend/add", made["token"], friend_id=alice.id)
    await alice.push("friend.requested")

    assert (await bob.send("single", int(alice.id), "hi from the phone")).code == 200
    push = (await alice.push("msg")).data
    assert (push["msg"], push["fromId"], push["type"]) == ("hi from the phone", made["id"], "text")
    said = await alice.say(push["target"], "hi from the page")
    message = await bob.message("hi from the page")
    assert (message.session_type, message.sender_id, message.seq) == (1, int(alice.id), said["position"])

    group = (await asyncio.to_thread(ask, shared_site, "/group/create", made["token"], name="Both", ids=[alice.id]))[
        "id"
    ]
    await alice.push("channel.note", target=group)
    await bob.send("group", int(group), "to all")
    assert (await alice.push("msg", target=group)).data["msg"] == "to all"
    await alice.say(group, "from all")
    assert (await bob.message("from all")).receiver_id == int(group)


async def test_missed_messages_come_by_sync_from_the_greatest_seen_number(
    clients: Clients, shared_site: SharedSite, phone: Phone
) -> None:
    [alice] = await clients("alice")
    account = shared_site.account("bob")
    bob = await phone(account.token, account.id)
    group = await alice.group(account)
    await alice.say(group, "seen")
    seen = (await bob.message("seen")).seq
    await bob.close()
    for number in range(120):
        await alice.say(group, f"missed {number}")

    back = await phone(account.token, account.id, sync=2**63 - 1)
    missed = await back.fetch(seen)
    assert [one.content.decode() for one in missed] == [f"missed {number}" for number in range(120)]


async def test_a_retry_storm_stores_each_message_once(clients: Clients, shared_site: SharedSite, phone: Phone) -> None:
    [alice] = await clients("alice")
    account = shared_site.account("bob")
    group = await alice.group(account)
    for attempt in range(4):
        bob = await phone(account.token, account.id)
        for _ in range(3):
            for number in range(1, 101):
                await bob.put("group", int(group), f"{number}", number=number, key=f"key {number}")
        # The connection is cut at a random moment, except for the last one.
        if attempt < 3:
            enough = 60 * (attempt + 1)
            await bob.until(lambda bob=bob, enough=enough: len(bob.acks) > enough)  # type: ignore[misc]
            bob.socket.transport.abort()
    await bob.until(lambda: len([ack for ack in bob.acks if ack.type == im.AT_UP]) == 300)

    page = await alice.call("message.history", target=group, limit=100)
    assert sorted(int(one["msg"]) for one in page["messages"]) == list(range(1, 101))
    assert not page["hasMore"]


async def test_under_load_several_outputs_share_a_frame(
    clients: Clients, shared_site: SharedSite, phone: Phone
) -> None:
    [alice] = await clients("alice")
    account = shared_site.account("bob")
    bob = await phone(account.token, account.id)
    group = await alice.group(account)
    replies = [await alice.post("message.send", target=group, type="text", msg=f"{n}") for n in range(300)]
    await asyncio.gather(*replies)
    await bob.until(lambda: len(bob.messages) == 300)
    assert bob.texts == [f"{number}" for number in range(300)]
    assert max(bob.sizes) > 1


@pytest.mark.parametrize("raw", [b"\xff" * 1000, b"\x12\xff\xff\xff\xff\x7f", b"", "text", b"\x08\x03\x12\x01\xff"])
async def test_garbage_on_a_socket_is_answered_and_the_site_continues(
    shared_site: SharedSite, phone: Phone, raw: bytes | str
) -> None:
    account = shared_site.account("bob")
    bob = await phone(account.token, account.id)
    await bob.socket.send(raw)
    assert (await bob.ack(lambda ack: ack.code != 200)).code in (1001, 1010)
    assert (await bob.send("single", int(shared_site.account().id))).code == 200


async def test_a_too_large_frame_closes_the_connection(shared_site: SharedSite, phone: Phone) -> None:
    account = shared_site.account("bob")
    bob = await phone(account.token, account.id)
    with contextlib.suppress(ConnectionClosed):
        await bob.socket.send(b"x" * 70_000)
    assert await bob.closed() == 1009
    assert (await (await phone(account.token, account.id)).send("single", int(shared_site.account().id))).code == 200


async def test_a_revoked_token_ends_the_connection(clients: Clients, shared_site: SharedSite, phone: Phone) -> None:
    account = shared_site.account("bob")
    bob = await phone(account.token, account.id)
    script = f"from accounts.actions import sign_out_everywhere\nsign_out_everywhere(user_id={account.id})"
    await asyncio.to_thread(shared_site.shell, script)
    assert await bob.closed() == 4001
