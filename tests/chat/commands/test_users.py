"""presence.list, person.search and app.list; the pushes enter and exit."""

from __future__ import annotations

import time

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import DISABLED_APP, Clients, SharedSite, UserClient

pytestmark = pytest.mark.each_database

PERSON_KEYS = {"userId", "id", "name", "avatar", "kind"}
ENTER_KEYS = {"target", "type", "msg", "from", "fromId", "name", "avatar", "kind"}


async def online(person: UserClient) -> set[str]:
    reply = await person.call("presence.list")
    assert set(reply) == {"online", "count"} and reply["count"] >= len(reply["online"])
    assert all(set(item) == PERSON_KEYS for item in reply["online"])
    return {item["id"] for item in reply["online"]}


# -- online users -----------------------------------------------------------------------------------------------------


@both_codecs
async def test_everyone_sees_who_is_online_on_their_app(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest, elsewhere = await clients.guest(), await clients.guest(app=102)

    for person in (alice, guest):
        assert {alice.id, guest.id} <= await online(person)
        assert elsewhere.id not in await online(person)
    assert alice.id not in await online(elsewhere)


async def test_a_user_on_two_connections_is_online_once(clients: Clients) -> None:
    [alice] = await clients("alice")
    await clients.again(alice)
    reply = await alice.call("presence.list")

    assert [item["id"] for item in reply["online"]].count(alice.id) == 1


async def test_a_connection_without_login_is_not_online(clients: Clients) -> None:
    [alice] = await clients("alice")
    before = (await alice.call("presence.list"))["count"]
    await clients.stranger()

    assert (await alice.call("presence.list"))["count"] == before


# -- enter and exit ---------------------------------------------------------------------------------------------------


async def test_enter_goes_to_everyone_else_on_the_app(clients: Clients) -> None:
    [alice] = await clients("alice")
    elsewhere = await clients.guest(app=102)
    guest = await clients.guest()

    push = await alice.push("enter", fromId=guest.id)

    assert set(push.data) == ENTER_KEYS and push.text == "Ok" and push.seq
    assert (push.data["target"], push.data["type"], push.data["from"]) == (guest.room, "text", guest.name)
    assert (push.data["name"], push.data["kind"]) == (guest.name, "guest") and push.data["msg"]
    for person in (guest, elsewhere):
        assert not [one for one in await person.settle() if one.cmd == "enter" and one.data["fromId"] == guest.id]


async def test_exit_is_pushed_after_the_last_connection_has_closed(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob)
    await alice.push("enter", fromId=bob.id)

    await bob.close()
    # The grace period of the reload is over once a later exit has been pushed.
    guest = await clients.guest()
    await guest.close()
    await alice.push("exit", fromId=guest.id)
    assert not [one for one in await alice.settle() if one.cmd == "exit" and one.data["fromId"] == bob.id]
    await phone.vanish()

    push = await alice.push("exit", fromId=bob.id)
    assert set(push.data) == ENTER_KEYS and push.data["msg"] and push.data["from"] == bob.name


@both_codecs
async def test_a_second_connection_causes_no_second_enter(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    await alice.push("enter", fromId=bob.id)
    await clients.again(bob)
    other = await clients.guest()

    await alice.push("enter", fromId=other.id)
    assert not [one for one in alice.inbox if one.cmd == "enter" and one.data["fromId"] == bob.id]


async def test_a_user_enters_each_app_separately(clients: Clients) -> None:
    [alice] = await clients("alice")
    watcher = await clients.guest(app=102)
    await clients.again(alice, app=102)

    await watcher.push("enter", fromId=alice.id)


async def test_a_page_reload_causes_no_exit_and_enter(clients: Clients, shared_site: SharedSite) -> None:
    grace_seconds = float(shared_site.site.options["IM_PRESENCE_GRACE_SECONDS"])
    for _ in range(30):
        alice, bob = await clients("alice", "bob")
        await alice.push("enter", fromId=bob.id)
        began = time.monotonic()
        await bob.close()
        await clients.again(bob)
        seconds = time.monotonic() - began
        guest = await clients.guest()
        await guest.close()
        await alice.push("exit", fromId=guest.id)

        if not [one for one in await alice.settle() if one.data.get("fromId") == bob.id]:
            return
        # On a busy machine a reload may take longer than the grace period.
        assert seconds >= grace_seconds
    pytest.fail("this machine is too slow to come back within the grace period")


# -- search -----------------------------------------------------------------------------------------------------------


@both_codecs
async def test_accounts_are_found_by_a_prefix_of_their_names(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")
    wanted = shared_site.account("carol")

    for q in (wanted.name, wanted.nickname, wanted.name.upper(), wanted.name[:-1]):
        found = (await alice.call("person.search", q=q))["persons"]
        assert all(set(item) == PERSON_KEYS for item in found)
    exact = (await alice.call("person.search", q=wanted.name))["persons"]
    assert {"userId": wanted.name, "id": wanted.id, "name": wanted.nickname, "avatar": "", "kind": "person"} in exact


@pytest.mark.parametrize("q", ["", " ", "%", "_", "\0", "'", "\\", "x" * 10_000, "arol"])
async def test_other_texts_find_no_user(clients: Clients, q: str) -> None:
    [alice] = await clients("alice")

    assert await alice.call("person.search", q=q) == {"persons": []}


async def test_guests_are_not_found_and_cannot_search(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()

    assert (await alice.call("person.search", q=guest.name))["persons"] == []
    assert await guest.code("person.search", q=alice.name) == 1003


@pytest.mark.parametrize("q", [None, 5, [], {}, True])
async def test_a_search_for_an_empty_text_is_an_illegal_parameter(clients: Clients, q: object) -> None:
    [alice] = await clients("alice")

    assert await alice.code("person.search", q=q) == 1001
    assert await alice.code("channel.search", q=q) == 1001


# -- apps -------------------------------------------------------------------------------------------------------------


@both_codecs
async def test_everyone_sees_the_apps_and_their_global_channels(clients: Clients) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest(app=102)

    apps = (await guest.call("app.list"))["apps"]

    assert all(set(app) == {"appId", "name", "target"} for app in apps)
    assert [app["appId"] for app in apps] == [101, 102, 103, 104] and DISABLED_APP not in [app["appId"] for app in apps]
    rooms = {app["appId"]: app["target"] for app in apps}
    assert (rooms[101], rooms[102]) == (alice.room, guest.room)
    assert (await alice.call("app.list"))["apps"] == apps
