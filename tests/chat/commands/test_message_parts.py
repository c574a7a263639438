"""Files, reactions, threads, later messages and link previews, by the commands of both protocols."""

from __future__ import annotations

import time

import pytest

from imsite.client import Client
from tests.support.call_socket import both_codecs
from tests.support.pictures import picture
from tests.support.shared_site import Clients, SharedSite, UserClient

pytestmark = pytest.mark.each_database


async def upload(shared_site: SharedSite, user: UserClient, content: bytes) -> str:
    """Upload a file in the user's name; return its id."""
    async with Client(shared_site.site.url, token=user.token) as im:
        return (await im.upload(content)).id


@both_codecs
async def test_alice_sends_and_removes_files(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.group(bob)
    keys = [await upload(shared_site, alice, content) for content in (picture(), b"notes")]
    sent = await alice.call("message.send", target=target, msg="both", attachments=keys)
    (got,) = (await bob.call("message.history", target=target))["messages"]
    assert (got["type"], got["content"], got["id"]) == ("file", "both", sent["id"])
    assert [(one["id"], one["kind"]) for one in got["attachments"]] == list(zip(keys, ("image", "file"), strict=True))
    assert await bob.refusal("message.send", target=target, msg="", attachments=keys) == (1005, "attachment_not_found")
    where = {"target": target, "id": sent["id"], "attachment": keys[1]}
    assert await bob.code("attachment.remove", **where) != 200
    await alice.call("attachment.remove", **where)
    removed = (await bob.push("attachment.removed")).data
    assert (removed["id"], removed["attachments"]) == (sent["id"], keys[1:])
    (shown,) = (await bob.call("message.history", target=target))["messages"]
    assert [one.get("removed", False) for one in shown["attachments"]] == [False, True]


@both_codecs
async def test_bob_reacts_and_answers_in_a_thread(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.group(bob)
    root = await alice.say(target, "which one?")
    where = {"target": target, "id": root["id"]}
    assert (await bob.call("message.react", **where, emoji="👍"))["count"] == 1
    assert (await alice.push("message.reacted")).data["emoji"] == "👍"
    assert (await bob.call("message.unreact", **where, emoji="👍"))["count"] == 0
    await alice.push("message.unreacted")

    thread = {"target": target, "threadId": root["id"]}
    await bob.say(target, "this", threadId=root["id"])
    await bob.say(target, "and that", threadId=root["id"], alsoToChannel=True)
    page = await alice.call("thread.history", **thread)
    answers = [(one["msg"], one.get("threadOnly", False)) for one in page["messages"]]
    assert (answers, page["root"]["id"]) == ([("this", True), ("and that", False)], root["id"])
    (followed,) = (await alice.call("thread.list"))["threads"]
    assert (followed["thread"]["count"], followed["thread"]["unread"]) == (2, 2)
    await alice.call("thread.mark", **thread, seq=page["messages"][0]["seq"])
    assert (await alice.call("thread.list"))["threads"][0]["thread"]["unread"] == 1
    await alice.call("thread.unfollow", **thread)
    assert (await alice.call("thread.list"))["threads"] == []
    await alice.call("thread.follow", **thread)


@both_codecs
async def test_alice_schedules_changes_and_sends_a_message(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    target = await alice.group(bob)
    at = int(time.time() * 1000) + 3_600_000
    first, second = [await alice.call("message.schedule", target=target, msg=text, at=at) for text in ("one", "two")]
    await alice.call("scheduled.edit", id=first["id"], msg="one, later", at=at + 1000)
    assert [one["msg"] for one in (await alice.call("scheduled.list"))["messages"]] == ["two", "one, later"]
    await alice.call("scheduled.cancel", id=second["id"])
    assert await bob.code("scheduled.send", id=first["id"]) == 1005
    sent = await alice.call("scheduled.send", id=first["id"])
    (got,) = (await bob.call("message.history", target=target))["messages"]
    assert (got["id"], got["msg"]) == (sent["id"], "one, later")
    assert (await alice.call("scheduled.list"))["messages"] == []


_PREVIEW = """
from chat.actions.link_preview import message_set_previews, preview_store
row = preview_store(address={address!r}, title="Winter", description="", site_name="", thumbnail=None)
message_set_previews(message_id={id}, text={address!r}, previews=[row])
"""


@both_codecs
async def test_alice_removes_a_link_preview(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    target, address = await alice.group(bob), "https://a.test/winter"
    sent = await alice.say(target, address)
    # The site of the tests loads no pages, so another process stores it.
    shared_site.shell(_PREVIEW.format(address=address, id=sent["id"]))
    shown = (await bob.push("message.previewed")).data
    (preview,) = shown["previews"]
    assert (shown["id"], preview["title"]) == (sent["id"], "Winter")
    where = {"target": target, "id": sent["id"], "previewId": preview["id"]}
    assert await bob.code("message.remove_preview", **where) != 200
    await alice.call("message.remove_preview", **where)
    assert (await bob.push("message.previewed")).data["previews"] == []
