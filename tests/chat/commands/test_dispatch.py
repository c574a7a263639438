"""Every code of the protocol is caused by bad input or by a database that really fails."""

from __future__ import annotations

from typing import Any

import pytest

from chat import errors
from tests.support import postgres
from tests.support.call_socket import both_codecs
from tests.support.database_faults import failing_writes, missing_table
from tests.support.shared_site import Clients, SharedSite, UserClient

pytestmark = pytest.mark.each_database


# -- the table --------------------------------------------------------------------------------------------------------


def test_the_code_table_matches_the_protocol() -> None:
    assert {code.number for code in errors.CODES} == {200, *range(1000, 1012)}
    assert len({code.text for code in errors.CODES}) == len(errors.CODES)


@both_codecs
async def test_every_reply_has_the_text_of_its_code(clients: Clients) -> None:
    [alice] = await clients("alice")
    for cmd, fields in [("ping", {}), ("nonsense", {}), ("login", {"appId": 101}), ("channel.get", {"target": "999"})]:
        envelope = await alice.request(cmd, fields)
        assert envelope.text == next(code.text for code in errors.CODES if code.number == envelope.code)


@both_codecs
async def test_every_refusal_contains_an_error_sentence(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")
    stranger, guest = await clients.stranger(), await clients.guest()
    group = await alice.group()
    requests: list[tuple[int, UserClient, str, dict[str, Any]]] = [
        (1000, stranger, "channel.list", {}),
        (1001, alice, "channel.get", {"target": "x"}),
        (1002, stranger, "login", {"appId": 101, "userId": "x" * 20}),
        (1003, stranger, "login", {"appId": 999, "userId": "x"}),
        (1003, guest, "channel.create", {"kind": "public", "name": "x"}),
        (1005, alice, "channel.get", {"target": "999999999"}),
        (1009, alice, "channel.role", {"target": group, "member": alice.name, "role": "member"}),
        (1010, alice, "no.such", {}),
        (1011, alice, "message.send", {"target": group, "msg": "x" * 8001}),
    ]
    for code, person, cmd, fields in requests:
        answer, data = await person.refused(cmd, **fields)
        assert answer == code and data["error"].endswith((".", "`")), (cmd, answer, data)


@pytest.mark.parametrize("raw", ["", "x", "[]", "{}", '{"seq":5}', '{"cmd":5}', b"\x00", b"{}", "[" * 5000])
async def test_an_invalid_frame_is_answered_with_1001(clients: Clients, raw: str | bytes) -> None:
    stranger = await clients.stranger()
    await stranger.send(raw)

    reply = await stranger.take(lambda envelope: True)
    assert (reply.code, reply.cmd) == (1001, "") and reply.data["error"]
    assert await stranger.call("ping") == "pong"


@pytest.mark.parametrize("data", [["thing"], "thing", 5, True])
async def test_data_that_is_no_object_is_answered_with_1001(clients: Clients, data: Any) -> None:
    [alice] = await clients("alice")
    await alice.send({"seq": "s", "cmd": "channel.get", "data": data})

    reply = await alice.reply("s")
    assert (reply.code, reply.reason, reply.cmd) == (1001, "invalid_data", "channel.get")
    assert reply.data == {"error": "data must be an object."}


@both_codecs
@pytest.mark.parametrize("number", ["007", "1e3", "1.0", "+7", "1_0", "１", " 7", "9" * 30, ""], ids=ascii)
async def test_a_number_in_another_form_is_answered_with_1001(clients: Clients, number: str) -> None:
    [alice] = await clients("alice")
    for cmd, fields in [
        ("channel.get", {"target": number}),
        ("message.history", {"target": "1", "before": number}),
        ("message.history", {"target": "1", "limit": number}),
        ("message.send", {"target": number, "msg": "x"}),
        ("sync", {"after": number}),
    ]:
        assert await alice.code(cmd, **fields) == 1001, (cmd, fields)


async def test_a_number_may_be_a_string(clients: Clients) -> None:
    [alice] = await clients("alice")
    group = await alice.group()
    for number in (group, int(group)):
        assert (await alice.call("message.history", target=number, limit="10", after="0"))["messages"] == []
    assert await (await clients.stranger()).code("login", appId="1e2", userId="x") == 1001


# -- faults -----------------------------------------------------------------------------------------------------------


async def fault(person: UserClient, cmd: str, **fields: Any) -> int:
    """Return the code of a request at which the database fails; its text must not reveal the database."""
    envelope = await person.request(cmd, **fields)
    assert envelope.reason == "internal_error"
    assert envelope.data == {"error": "Something went wrong on our side. Try again."}
    return int(envelope.code)


@pytest.mark.parametrize(
    ("cmd", "table", "fields"),
    [
        ("message.history", "chat_message", {"target": "$group"}),
        ("message.get", "chat_message", {"target": "$group", "id": "1"}),
        ("channel.list", "chat_membership", {}),
        ("channel.get", "chat_membership", {"target": "$group"}),
        ("channel.members", "chat_membership", {"target": "$group"}),
        ("channel.search", "chat_channel", {"q": ""}),
        ("person.search", "accounts_user", {"q": "a"}),
        ("presence.list", "accounts_user", {}),
        ("app.list", "accounts_app", {}),
        ("sync", "delivery_event", {"after": 0}),
    ],
)
async def test_a_read_that_fails_is_a_server_error(
    clients: Clients, shared_site: SharedSite, cmd: str, table: str, fields: dict[str, Any]
) -> None:
    [alice] = await clients("alice")
    group = await alice.group()
    await alice.say(group)
    given = {key: group if value == "$group" else value for key, value in fields.items()}

    with missing_table(shared_site.site, table):
        assert await fault(alice, cmd, **given) == 1004

    assert await alice.code(cmd, **given) in (200, 1005)


@pytest.mark.parametrize("table", ["knox_authtoken", "accounts_app", "chat_channel", "chat_membership"])
async def test_a_failed_login_is_a_server_error_and_can_be_retried(
    clients: Clients, shared_site: SharedSite, table: str
) -> None:
    stranger, token = await clients.stranger(), shared_site.account().token

    with missing_table(shared_site.site, table):
        assert await fault(stranger, "login", appId=101, serviceToken=token) == 1004

    assert await stranger.code("login", appId=101, serviceToken=token) == 200


async def test_a_guest_that_cannot_be_stored_is_not_logged_in(clients: Clients, shared_site: SharedSite) -> None:
    stranger = await clients.stranger()
    with failing_writes(shared_site.site, "INSERT", "accounts_user"):
        assert await fault(stranger, "login", appId=101, userId=shared_site.guest_name()) == 1004

    assert await stranger.code("heartbeat") == 1000
    assert await stranger.code("login", appId=101, userId=shared_site.guest_name()) == 200


@pytest.mark.parametrize(
    ("code", "cmd", "what", "table", "fields"),
    [
        (1006, "channel.create", "INSERT", "chat_channel", {"kind": "public", "name": "x"}),
        (1006, "channel.create", "INSERT", "chat_membership", {"kind": "private", "members": ["$carol"]}),
        (1006, "channel.create", "INSERT", "delivery_event", {"kind": "private", "members": ["$carol"]}),
        (1006, "channel.join", "INSERT", "chat_membership", {"target": "$other"}),
        (1006, "channel.invite", "INSERT", "chat_membership", {"target": "$group", "members": ["$carol"]}),
        (1007, "channel.leave", "UPDATE", "chat_membership", {"target": "$group"}),
        (1007, "channel.remove", "UPDATE", "chat_membership", {"target": "$group", "member": "$bob"}),
        (1007, "message.recall", "UPDATE", "chat_message", {"target": "$group", "id": "$message"}),
        (1008, "message.edit", "UPDATE", "chat_message", {"target": "$group", "id": "$message", "msg": "new"}),
        (1008, "message.send", "INSERT", "chat_message", {"target": "$group", "msg": "x", "clientMsgId": "k"}),
        (1008, "message.send", "INSERT", "chat_messagekey", {"target": "$group", "msg": "x", "clientMsgId": "k"}),
        (1008, "message.send", "UPDATE", "delivery_loghead", {"target": "$group", "msg": "x", "clientMsgId": "k"}),
        (1008, "channel.rename", "UPDATE", "chat_channel", {"target": "$group", "name": "New"}),
        (1008, "channel.role", "UPDATE", "chat_membership", {"target": "$group", "member": "$bob", "role": "admin"}),
        (1008, "channel.policy", "UPDATE", "chat_channel", {"target": "$group", "join": "open"}),
        (1008, "read.mark", "UPDATE", "chat_readmark", {"target": "$quiet", "seq": 1}),
    ],
    ids=lambda value: str(value) if not isinstance(value, dict) else "",
)
async def test_a_failed_write_has_its_own_code_and_stores_nothing(
    clients: Clients, shared_site: SharedSite, code: int, cmd: str, what: str, table: str, fields: dict[str, Any]
) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group, other = await alice.group(bob), await bob.group(join="open")
    quiet = await bob.group(alice)
    await bob.say(quiet)
    message = await alice.say(group)
    names = {"$group": group, "$other": other, "$quiet": quiet, "$message": message["id"]}
    names |= {"$bob": bob.name, "$carol": carol.name}
    given = {
        key: [names[one] for one in value] if isinstance(value, list) else names.get(value, value)
        for key, value in fields.items()
    }
    before = await alice.call("channel.list")
    await bob.settle()
    await alice.settle()

    with failing_writes(shared_site.site, what, table):
        assert await fault(alice, cmd, **given) == code

    assert await alice.call("channel.list") == before
    pushes = [one for person in (alice, bob) for one in await person.settle() if one.cmd not in ("enter", "exit")]
    assert pushes == []
    # A retry succeeds, and the numbers have no gap.
    repeated = await alice.request(cmd, **given)
    assert repeated.code == 200
    if cmd == "message.send":
        assert repeated.data["seq"] == message["seq"] + 1
    if cmd != "channel.leave":
        assert (await alice.say(group))["seq"] == message["seq"] + 1 + (cmd == "message.send")


async def test_positions_have_no_gap_after_a_fault(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    first = await alice.say(channel)

    with failing_writes(shared_site.site, "INSERT", "chat_message"):
        sends = [await alice.post("message.send", target=channel, type="text", msg="x") for _ in range(20)]
        assert {(await reply).code for reply in sends} == {1008}

    second = await alice.say(channel)
    assert (second["seq"], second["position"]) == (first["seq"] + 1, first["position"] + 1)
    await bob.push("msg", id=second["id"])


async def test_a_temporarily_unreadable_log_loses_no_event(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    with missing_table(shared_site.site, "delivery_event"):
        assert await fault(alice, "message.send", target=channel, msg="lost", clientMsgId="1") == 1008

    sent = await alice.say(channel, "found", clientMsgId="1")
    assert (await bob.push("msg", id=sent["id"])).data["msg"] == "found"


@pytest.mark.postgres
async def test_broken_database_connections_are_reopened(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    postgres.terminate_sessions(shared_site.site.database_url)

    codes = []
    while 200 not in codes and len(codes) < 40:  # Each connection of the pool may fail once.
        codes.append(await alice.code("message.send", target=channel, msg="x", clientMsgId="k"))
    assert codes[-1] == 200 and set(codes) <= {200, 1008}
    codes = []
    while codes[-5:] != [200] * 5 and len(codes) < 80:
        codes.append(await alice.code("channel.list"))
    assert codes[-5:] == [200] * 5 and set(codes) <= {200, 1004}
    assert (await bob.push("msg")).data["seq"] == 1
