"""login, heartbeat, ping, sync; and what PROTOCOL.md says of requests, replies and their order."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from tests.support.call_socket import both_codecs
from tests.support.people import DISABLED, NO_GUESTS, People, Person, Town

pytestmark = pytest.mark.each_database

ACCOUNT_KEYS = {"userId", "id", "name", "avatar", "kind", "appId", "appName", "target", "position"}


# -- login ------------------------------------------------------------------------------------------------------------


async def test_alice_logs_in_by_token(people: People, town: Town) -> None:
    account = town.account()
    alice = await people.stranger()

    reply = await alice.call("login", serviceToken=account.token, appId=101, userId=account.name)

    assert set(reply) == ACCOUNT_KEYS
    assert (reply["userId"], reply["id"], reply["name"]) == (account.name, account.id, account.nickname)
    assert (reply["kind"], reply["appId"], reply["appName"]) == ("person", 101, "Web")
    assert isinstance(reply["target"], str) and isinstance(reply["position"], int)


async def test_alice_logs_in_by_her_browsers_session(people: People, town: Town) -> None:
    account = town.account()
    alice = await people.stranger(origin=town.site.url, cookie=account.cookie)

    reply = await alice.call("login", appId=101)

    assert reply["id"] == account.id and set(reply) == ACCOUNT_KEYS


@pytest.mark.parametrize("spelling", ["appId", "appID"])
async def test_a_guest_logs_in_by_name(people: People, town: Town, spelling: str) -> None:
    guest, name = await people.stranger(), town.guest_name("马远")

    reply = await guest.call("login", {spelling: 101, spelling.replace("app", "user"): name})

    assert set(reply) == ACCOUNT_KEYS | {"serviceToken"}
    assert (reply["userId"], reply["name"], reply["kind"]) == (name, name, "guest")


async def test_a_guest_comes_back_by_the_token_it_was_given(people: People) -> None:
    guest = await people.guest()
    again = await people.again(guest)

    assert (again.id, again.name) == (guest.id, guest.name)
    assert "serviceToken" not in again.received[0].data


async def test_two_guests_of_one_name_are_two_senders(people: People, town: Town) -> None:
    name = town.guest_name()
    one, other = await people.guest(name), await people.guest(name)

    assert one.id != other.id
    sent = await one.say(one.room)
    push = await other.push("msg", id=sent["id"])
    assert (push.data["from"], push.data["fromId"]) == (name, one.id)


@pytest.mark.parametrize("name", ["夏圭？", "a b", "null", "101", "<b>x</b>", "O'Hara", "x" * 19, "马" * 19])
async def test_a_guests_name_is_echoed_byte_for_byte(people: People, name: str) -> None:
    guest = await people.guest(name)

    assert guest.name == name


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 20, "马" * 20, "x" * 5000, "a\u202eb", "a\u200bb", "a\0b", " a", "system"]
)
async def test_an_impossible_guest_name_is_an_illegal_user_id(people: People, name: str) -> None:
    assert await (await people.stranger()).code("login", appId=101, userId=name) == 1002


async def test_a_login_without_name_token_and_cookie_is_an_illegal_user_id(people: People) -> None:
    assert await (await people.stranger()).code("login", appId=101) == 1002
    assert await (await people.stranger()).code("login", appId=101, userId=None) == 1002


async def test_an_accounts_name_is_not_for_guests(people: People, town: Town) -> None:
    account = town.account()
    for name in (account.name, account.name.upper()):
        assert await (await people.stranger()).code("login", appId=101, userId=name) == 1002


@pytest.mark.parametrize("app", [1, 0, -5, 999, 2**31, 2**63, DISABLED])
async def test_an_unknown_or_disabled_app_is_not_authorised(people: People, town: Town, app: int) -> None:
    guest, alice = await people.stranger(), await people.stranger()

    refusal = (1003, {"error": "There is no such app."})
    assert await guest.refused("login", appId=app, userId=town.guest_name()) == refusal
    assert await alice.code("login", appId=app, serviceToken=town.account().token) == 1003


@pytest.mark.parametrize("app", [None, "", "web", 1.5, [], {}, True])
async def test_an_app_that_is_no_number_is_an_illegal_parameter(people: People, app: object) -> None:
    assert await (await people.stranger()).code("login", appId=app, userId="x") == 1001


async def test_an_app_without_guests_takes_accounts_only(people: People, town: Town) -> None:
    assert await (await people.stranger()).code("login", appId=NO_GUESTS, userId=town.guest_name()) == 1003
    assert (await people.login(town.account(), app=NO_GUESTS)).app == NO_GUESTS


@pytest.mark.parametrize("token", ["wrong", "x" * 64, "马", "a\0b", "' OR 1=1"])
async def test_a_wrong_token_is_not_authorised(people: People, token: str) -> None:
    assert await (await people.stranger()).code("login", appId=101, serviceToken=token, userId="somebody") == 1003


async def test_somebody_elses_name_is_an_illegal_user_id(people: People, town: Town) -> None:
    alice, bob = town.account("alice"), town.account("bob")

    by_token = await people.stranger()
    assert await by_token.code("login", appId=101, serviceToken=alice.token, userId=bob.name) == 1002
    assert await by_token.code("login", appId=101, serviceToken=alice.token, userId="") == 1002
    by_cookie = await people.stranger(origin=town.site.url, cookie=alice.cookie)
    assert await by_cookie.code("login", appId=101, userId=bob.name) == 1002
    assert await by_cookie.code("login", appId=101, userId=alice.name) == 200


async def test_a_login_may_be_tried_again_after_a_refusal(people: People, town: Town) -> None:
    person = await people.stranger()

    assert await person.code("login", appId=101, serviceToken="wrong") == 1003
    assert await person.code("login", appId=999, userId="x") == 1003
    assert await person.code("login", appId=101, serviceToken=town.account().token) == 200


async def test_a_second_login_on_a_connection_fails(people: People, town: Town) -> None:
    [alice] = await people("alice")

    assert await alice.code("login", appId=101, serviceToken=alice.token) == 1009
    assert await alice.code("login", appId=102, serviceToken=town.account("bob").token) == 1009
    assert await alice.code("heartbeat") == 200


async def test_two_logins_in_flight_make_one_person(people: People, town: Town) -> None:
    person = await people.stranger()
    first = await person.post("login", appId=101, serviceToken=town.account("alice").token)
    second = await person.post("login", appId=101, serviceToken=town.account("bob").token)

    assert ((await first).code, (await second).code) == (200, 1009)


async def test_extra_fields_of_a_login_give_no_rights(people: People, town: Town) -> None:
    guest = await people.stranger()

    reply = await guest.call(
        "login", appId=101, userId=town.guest_name(), is_staff=True, kind="person", id="1", role="owner"
    )

    assert reply["kind"] == "guest" and reply["id"] != "1"
    assert await guest.code("channel.create", kind="public", name="Mine") == 1003


# -- before login -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, None, {"any": ["thing"]}, ["thing"], "thing", 5, False])
async def test_ping_is_answered_before_and_after_login(people: People, town: Town, data: object) -> None:
    person = await people.stranger()
    await person.send({"seq": "before", "cmd": "ping", "data": data})
    assert (await person.reply("before")).data == "pong"

    await person.enter({"appId": 101, "userId": town.guest_name()})
    await person.send({"seq": "after", "cmd": "ping", "data": data})
    assert (await person.reply("after")).data == "pong"


async def test_a_token_that_is_null_is_none(people: People, town: Town) -> None:
    person = await people.stranger()

    reply = await person.call("login", appId=101, userId=town.guest_name(), serviceToken=None)
    assert reply["kind"] == "guest"


@pytest.mark.parametrize(
    "cmd",
    """heartbeat sync message.send message.history message.get message.edit message.recall channel.list channel.get
    channel.create channel.join channel.leave channel.invite channel.remove channel.rename channel.role channel.policy
    channel.members channel.search presence.list person.search app.list read.mark""".split(),
)
async def test_nothing_else_is_answered_before_login(people: People, cmd: str) -> None:
    stranger = await people.stranger()

    assert await stranger.refused(cmd, target="1") == (1000, {"error": "Log in first."})


@pytest.mark.parametrize("cmd", ["message", "Login", "LOGIN", "login ", "__class__", "msg", "x" * 64, "马"])
async def test_an_unknown_command_is_no_such_command(people: People, cmd: str) -> None:
    [alice] = await people("alice")

    assert await alice.code(cmd) == 1010
    assert await (await people.stranger()).code(cmd) == 1010


# -- replies ----------------------------------------------------------------------------------------------------------


@both_codecs
async def test_a_reply_has_the_envelope_of_the_protocol(people: People) -> None:
    alice = await people.stranger()
    await alice.send('{"seq": "1565336219141-266129", "cmd": "ping"}')
    await alice.reply("1565336219141-266129")

    assert json.loads(alice.frames[0]) == {
        "seq": "1565336219141-266129",
        "cmd": "ping",
        "response": {"code": 200, "codeMsg": "Success", "data": "pong"},
    }


async def test_a_push_has_the_messages_id_as_seq_and_says_ok(people: People) -> None:
    alice, bob = await people("alice", "bob")
    sent = await alice.say(await alice.private(bob))

    push = await bob.push("msg")

    assert (push.seq, push.code, push.text) == (sent["id"], 200, "Ok")


@both_codecs
async def test_every_request_gets_exactly_one_reply_in_its_order(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    frames = []
    for number in range(60):
        send = {"cmd": "message.send", "data": {"target": channel, "type": "text", "msg": f"{number}"}}
        kinds = [send, {"cmd": "ping"}, send, {"cmd": "nonsense"}, {"cmd": "channel.list"}, {"data": {}}, send]
        frames.append(kinds[number % len(kinds)] | {"seq": f"r{number}"})

    for frame in frames:
        await alice.send(frame)
    for number in range(60):
        await alice.reply(f"r{number}")
    await alice.settle()

    replies = [envelope.seq for envelope in alice.received if envelope.seq.startswith("r")]
    assert replies == [f"r{number}" for number in range(60)]


@both_codecs
async def test_the_same_seq_twice_is_answered_twice(people: People) -> None:
    alice = await people.stranger()
    for _ in range(2):
        await alice.send({"seq": "same", "cmd": "ping"})

    assert [(await alice.reply("same")).data for _ in range(2)] == ["pong", "pong"]


async def test_sends_in_flight_are_stored_in_their_order(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    replies = [await alice.post("message.send", target=channel, type="text", msg=f"{n}") for n in range(200)]
    seqs = [(await reply).data["seq"] for reply in replies]

    assert seqs == list(range(1, 201))
    heard = [(await bob.push("msg")).data["msg"] for _ in range(200)]
    assert heard == [f"{n}" for n in range(200)]


async def test_the_reply_to_a_send_comes_before_pushes_of_later_messages(people: People) -> None:
    persons = await people("alice", "bob", "carol", "dave")
    group = await persons[0].group(*persons[1:])

    async def talk(person: Person) -> None:
        for reply in [await person.post("message.send", target=group, type="text", msg="x") for _ in range(50)]:
            assert (await reply).code == 200

    await asyncio.gather(*map(talk, persons))

    for person in persons:
        await person.until(partial(_has_all, person, group))
        # Own messages by their replies and others' by their pushes: together the channel's order.
        assert _numbers(person, group) == list(range(1, 201))


def _has_all(person: Person, group: str) -> bool:
    return len(_numbers(person, group)) >= 200


def _numbers(person: Person, group: str) -> list[int]:
    said = [one.data for one in person.received if one.cmd in ("msg", "message.send")]
    return [data["seq"] for data in said if data["target"] == group]


@both_codecs
async def test_ids_are_strings_and_counts_are_numbers(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    sent = await alice.say(group, replyTo=(await alice.say(group))["id"])
    await alice.call("message.edit", target=group, id=sent["id"], msg="edited")
    await bob.call("channel.members", target=group)
    await alice.call("message.history", target=group)
    await alice.call("message.recall", target=group, id=sent["id"])
    await alice.call("channel.list")
    await bob.settle()

    def check(value: object, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                check(inner, name)
        elif isinstance(value, list):
            for inner in value:
                check(inner, key)
        elif key in {"id", "fromId", "target", "replyTo", "userId", "from"}:
            assert isinstance(value, str), key
        elif key in {"seq", "position", "time", "replySeq", "editedAt", "lastSeq", "readSeq", "unread", "memberCount"}:
            assert isinstance(value, int), key

    for envelope in alice.received + bob.received:
        check(envelope.data)


# -- heartbeat and sync -----------------------------------------------------------------------------------------------


async def test_a_heartbeat_tells_the_position(people: People) -> None:
    alice, bob = await people("alice", "bob")
    sent = await alice.say(await alice.private(bob))
    await bob.push("msg")

    reply = await bob.call("heartbeat")

    assert set(reply) == {"position"} and reply["position"] >= sent["position"]


async def test_pushes_below_a_told_position_have_been_passed_before(people: People) -> None:
    """A heartbeat among many pushes never tells of one that has not left."""
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    sends = [await alice.post("message.send", target=channel, type="text", msg="x") for _ in range(100)]
    for _ in range(30):
        await bob.call("heartbeat")
    await asyncio.gather(*sends)
    await bob.settle()

    told = 0
    for envelope in bob.received:
        if envelope.cmd == "heartbeat":
            told = envelope.data["position"]
        elif envelope.cmd == "msg":
            assert envelope.data["position"] > told


async def test_sync_returns_what_was_missed_as_the_pushes_would_have_been(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    watcher = await people.again(bob)
    before = (await bob.call("heartbeat"))["position"]
    await bob.close()

    sent = await alice.say(group, "one")
    await alice.call("message.edit", target=group, id=sent["id"], msg="two")
    await alice.say(group, "three")
    await alice.call("message.recall", target=group, id=sent["id"])
    await alice.call("channel.rename", target=group, name="Poets")
    await watcher.push("channel.note", note="renamed")
    back = await people.again(bob, after=before)
    reply = await back.call("sync", after=before)

    assert set(reply) == {"events", "position", "hasMore"} and reply["hasMore"] is False
    live = [envelope for envelope in watcher.received if envelope.cmd not in ("login", "enter", "exit")]
    assert [event["cmd"] for event in reply["events"]] == [envelope.cmd for envelope in live]
    assert [event["cmd"] for event in reply["events"]] == [
        "msg",
        "message.edited",
        "msg",
        "message.recalled",
        "channel.note",
    ]
    for event, envelope in zip(reply["events"], live, strict=True):
        assert set(event) == {"seq", "cmd", "response"}
        assert (event["response"]["code"], event["response"]["codeMsg"]) == (200, "Ok")
        assert event["seq"] == envelope.seq and set(event["response"]["data"]) >= set(envelope.data)
        assert event["response"]["data"]["position"] == envelope.data["position"] <= reply["position"]


async def test_a_replay_shows_neither_recalled_nor_replaced_text(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    first, second = await alice.say(channel, "secret one"), await alice.say(channel, "secret two")
    await alice.call("message.edit", target=channel, id=first["id"], msg="harmless")
    await alice.call("message.recall", target=channel, id=second["id"])

    reply = await bob.call("sync", after=0)

    assert "secret" not in json.dumps(reply)


async def test_after_a_login_with_after_no_more_is_told_than_was_drained(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    start = (await bob.call("heartbeat"))["position"]
    await bob.close()
    for number in range(250):  # more than one page
        await alice.post("message.send", target=channel, type="text", msg=f"{number}")
    await alice.call("ping")

    back = await people.again(bob, after=start)
    assert back.received[0].data["position"] == start
    assert (await back.call("heartbeat"))["position"] == start
    live = await alice.say(channel, "live")
    await back.push("msg", id=live["id"])
    assert (await back.call("heartbeat"))["position"] == start, "a live push must not move the position"

    page = await back.call("sync", after=start)
    assert page["hasMore"] is True and page["position"] < live["position"]
    assert (await back.call("heartbeat"))["position"] == page["position"]

    texts = [event["response"]["data"]["msg"] for event in page["events"]]
    while page["hasMore"]:
        page = await back.call("sync", after=page["position"])
        texts += [event["response"]["data"]["msg"] for event in page["events"]]
    assert texts == [f"{number}" for number in range(250)] + ["live"]
    assert (await back.call("heartbeat"))["position"] >= live["position"]


async def test_with_nothing_missed_a_login_with_after_is_drained_at_once(people: People) -> None:
    alice, bob = await people("alice", "bob")
    position = (await bob.call("heartbeat"))["position"]
    again = await people.again(bob, after=position)
    sent = await alice.say(await alice.private(bob))
    await again.push("msg")

    assert (await again.call("heartbeat"))["position"] >= sent["position"]


@pytest.mark.parametrize("ahead", [1, 10**6, 2**62])
async def test_from_beyond_the_head_sync_says_reset(people: People, ahead: int) -> None:
    [alice] = await people("alice")
    head = (await alice.call("heartbeat"))["position"]

    reply = await alice.call("sync", after=head + ahead)

    assert set(reply) == {"reset", "position"} and reply["reset"] is True and reply["position"] >= head


@pytest.mark.parametrize("after", [None, "x", -1, 1.5, True, 2**63, []])
async def test_a_sync_from_no_position_is_an_illegal_parameter(people: People, after: object) -> None:
    [alice] = await people("alice")

    assert await alice.code("sync", after=after) == 1001


@both_codecs
async def test_sync_is_about_ones_own_channels_only(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    channel = await alice.private(bob)
    await alice.say(channel, "between us")

    assert "between us" not in json.dumps(await carol.call("sync", after=0))


async def test_global_channels_are_outside_sync(people: People) -> None:
    alice, bob = await people("alice", "bob")
    before = (await alice.call("heartbeat"))["position"]
    await bob.say(bob.room, "to everyone")

    assert (await alice.call("sync", after=before))["events"] == []


async def test_sync_shows_a_guest_nothing_and_tells_the_position(people: People) -> None:
    guest = await people.guest()

    reply = await guest.call("sync", after=0)

    assert reply.get("events") == [] or reply.get("reset")
