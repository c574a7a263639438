"""`friend.*`: requests, answers and the list of friends."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.contacts import befriend, contact_lists
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_sends_a_friend_request_and_bob_accepts(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")

    assert await alice.call("friend.request", userId=bob.name.upper()) == bob.as_person
    assert (await contact_lists(alice), await contact_lists(bob)) == ({"asked": [bob.name]}, {"asking": [alice.name]})
    push = await bob.push("friend.requested")
    assert (push.data["by"], push.data["who"]) == (alice.as_person, bob.as_person) and push.data["position"]

    await bob.call("friend.accept", userId=alice.name)
    for person in (alice, bob):
        push = await person.push("friend.accepted")
        assert (push.data["by"], push.data["who"]) == (bob.as_person, alice.as_person)
    assert (await contact_lists(alice), await contact_lists(bob)) == (
        {"friends": [bob.name]},
        {"friends": [alice.name]},
    )


async def test_an_offline_user_gets_a_friend_request_by_sync(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    position = (await bob.call("heartbeat"))["position"]
    await bob.close()
    await alice.call("friend.request", userId=bob.name)
    await alice.push("friend.requested")

    back = await clients.again(bob, after=position)
    events = (await back.call("sync", after=position))["events"]
    assert [event["cmd"] for event in events] == ["friend.requested"]


async def test_a_friend_is_shown_online_on_any_app(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await befriend(alice, bob)
    elsewhere = await clients.again(bob, app=102)
    await bob.close()

    [friend] = (await alice.call("friend.list"))["friends"]
    assert friend == bob.as_person | {"online": True}
    await elsewhere.close()


@both_codecs
async def test_both_users_are_notified_of_a_decline_and_an_ended_friendship(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await alice.call("friend.request", userId=bob.name)
    await bob.call("friend.decline", userId=alice.name)
    for person in (alice, bob):
        await person.push("friend.removed")
        assert await contact_lists(person) == {}

    await befriend(alice, bob)
    await alice.call("friend.remove", userId=bob.name)
    for person in (alice, bob):
        await person.push("friend.removed")
        assert await contact_lists(person) == {}


@pytest.mark.parametrize("cmd", ["friend.accept", "friend.decline", "friend.remove"])
async def test_a_user_cannot_answer_a_request_that_was_never_sent(clients: Clients, cmd: str) -> None:
    alice, bob = await clients("alice", "bob")

    assert await alice.code(cmd, userId=bob.name) == 1005
    assert await alice.code(cmd, userId="nobody at all") == 1005


async def test_a_second_request_or_a_request_to_oneself_is_refused(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await alice.call("friend.request", userId=bob.name)

    assert await alice.refused("friend.request", userId=bob.name) == (
        1009,
        {"error": "You have already sent a friend request."},
    )
    assert await alice.code("friend.request", userId=alice.name) == 1009
    assert await alice.code("friend.request", userId="nobody\0") == 1005
    assert await alice.code("friend.request") == 1001


@pytest.mark.parametrize("cmd", ["friend.list", "friend.request", "person.block", "person.unblock"])
async def test_guests_have_no_friends(clients: Clients, cmd: str) -> None:
    guest = await clients.guest()

    assert await guest.code(cmd, userId="alice") == 1003


async def test_carol_does_not_see_the_friends_of_others(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    await befriend(alice, bob)

    assert await contact_lists(carol) == {}
    assert not [push for push in await carol.settle() if push.cmd.startswith("friend.")]
