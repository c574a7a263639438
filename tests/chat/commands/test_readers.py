"""`message.readers`: the sender of a message sees the members who have read it and share that."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_sees_who_has_read_her_message(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob, carol, dave, gone, private = await clients("alice", "bob", "carol", "dave", "bob", "carol")
    group = await alice.group(bob, carol, dave, gone, private)
    hide = f"User.objects.filter(pk={private.id}).update(shares_read=False)"
    shared_site.shell(f"from accounts.models import User; {hide}")
    first, second = sorted((bob, carol), key=lambda person: int(person.id))
    said = await alice.say(group)
    later = await alice.say(group)
    readers = {"target": group, "id": said["id"]}
    assert await alice.call("message.readers", readers) == {
        "shown": True,
        "readers": [],
        "count": 0,
        "hasMore": False,
    }

    for reader in (bob, carol, dave, gone, private):
        await reader.call("read.mark", target=group, seq=said["seq"])
    await gone.call("channel.leave", target=group)
    await dave.call("person.block", userId=alice.name)

    found = await alice.call("message.readers", readers)
    assert [person["userId"] for person in found["readers"]] == [first.name, second.name] and found["count"] == 2
    page = await alice.call("message.readers", readers, limit=1)
    assert (page["readers"], page["count"], page["hasMore"]) == ([first.as_person], 2, True)
    rest = await alice.call("message.readers", readers, limit=1, after=first.id)
    assert (rest["readers"], rest["hasMore"]) == ([second.as_person], False)
    assert (await alice.call("message.readers", target=group, id=later["id"]))["count"] == 0
    assert await bob.refusal("message.readers", **readers) == (1003, "not_the_author")


async def test_answers_in_a_thread_have_readers_of_their_own(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    root = await bob.say(group)
    answer = await alice.say(group, threadId=root["id"])
    await bob.call("read.mark", target=group, seq=answer["seq"])
    assert (await alice.call("message.readers", target=group, id=answer["id"]))["readers"] == []

    await bob.call("thread.mark", target=group, threadId=root["id"], seq=answer["seq"])

    assert (await alice.call("message.readers", target=group, id=answer["id"]))["readers"] == [bob.as_person]


async def test_members_who_have_joined_later_are_not_listed(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob)
    said = await alice.say(group)
    await alice.call("channel.invite", target=group, members=[carol.name])
    after = await alice.say(group)

    assert (await alice.call("message.readers", target=group, id=said["id"]))["readers"] == []
    for reader in (bob, carol):
        await reader.call("read.mark", target=group, seq=after["seq"])
    assert (await alice.call("message.readers", target=group, id=said["id"]))["readers"] == [bob.as_person]
    assert (await alice.call("message.readers", target=group, id=after["id"]))["count"] == 2


async def test_nobody_is_listed_in_the_channel_of_an_app(clients: Clients) -> None:
    guest = await clients.guest()
    said = await guest.say(guest.room)

    assert (await guest.call("message.readers", target=guest.room, id=said["id"]))["shown"] is False
