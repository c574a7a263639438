"""The consumer of `/ws` handles logins, messages, calls and invalid frames."""

from __future__ import annotations

import pytest

from accounts.actions import token_issue
from chat.actions.channel import channel_create_group
from chat.models import Channel, Message
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from tests.chat.consumers.conftest import Open
from tests.support.group_scenario import GroupScenario

pytestmark = pytest.mark.django_db(transaction=True)


async def test_alice_logs_in_with_a_token(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    (ack,) = alice.acks
    assert (ack.code, ack.type, ack.client_id) == (200, im.AT_LOGIN, 0)


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_bad_token_is_refused_and_the_connection_closed(
    scenario: GroupScenario, enter: Open, token: str
) -> None:
    stranger = await enter(None)
    assert (await stranger.login(token)).code == 1003
    await stranger.closed()


async def test_an_unknown_app_is_refused(scenario: GroupScenario, enter: Open) -> None:
    stranger = await enter(None, query="app=999")
    assert (await stranger.login(await run(lambda: token_issue(user=scenario.alice)))).code == 1003


@pytest.mark.parametrize("type", [0, 2, 3, 4, 5, 6, 9])
async def test_every_other_request_before_the_login_is_refused(scenario: GroupScenario, enter: Open, type: int) -> None:
    stranger = await enter(None)
    await stranger.post(type, b"\xff")
    ack = await stranger.ack(lambda ack: True)
    assert (ack.code, ack.type, ack.client_id) == (1000, 0, 0)


async def test_a_second_login_is_refused(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    await alice.post(1)
    assert (await alice.ack(lambda ack: ack.code != 200)).code == 1009


async def test_a_heartbeat_gets_no_reply(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    await alice.post(2)
    await alice.settle()
    assert [ack.code for ack in alice.acks] == [200, 1010]


async def test_alice_writes_to_bob(scenario: GroupScenario, enter: Open) -> None:
    alice, bob, other = await enter(scenario.alice), await enter(scenario.bob), await enter(scenario.alice)
    ack = await alice.send("single", scenario.bob.pk, "hi 马")
    assert (ack.code, ack.type, ack.client_id) == (200, im.AT_UP, 1)
    for one in (bob, other):
        message = await one.message("hi 马")
        assert (message.session_type, message.receiver_id, message.sender_id) == (1, scenario.bob.pk, scenario.alice.pk)
        assert message.seq == ack.seq and message.message_type == 1 and message.send_time > 10**12
    await alice.settle()
    assert not alice.messages


async def test_alice_writes_to_her_group(scenario: GroupScenario, enter: Open) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    await alice.send("group", scenario.group.pk, "all")
    message = await bob.message("all")
    assert (message.session_type, message.receiver_id) == (2, scenario.group.pk)


@pytest.mark.parametrize(("type", "content"), [("picture", b"\xff\x00\xfe"), ("voice", b"RIFF")])
async def test_pictures_and_voices_arrive_unchanged(
    scenario: GroupScenario, enter: Open, type: str, content: bytes
) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    await alice.send("group", scenario.group.pk, content, type=type)
    await bob.until(lambda: bool(bob.messages))
    assert bob.messages[0].content == content
    assert (await bob.sync(0)).messages[0] == bob.messages[0]


@pytest.mark.parametrize(
    ("session", "receiver", "how", "code"),
    [
        ("single", "alice", {}, 1001),
        ("single", "nobody", {}, 1005),
        ("group", "nobody", {}, 1005),
        ("group", "room", {}, 1005),
        ("group", "hers", {}, 1005),
        ("single", "bob", {"sender": 1 << 40}, 1002),
        ("single", "bob", {"content": b"\xff"}, 1001),
        ("single", "bob", {"content": b" "}, 1001),
        ("single", "bob", {"content": "\uffa0\u180e".encode()}, 1001),
        ("single", "bob", {"content": b"", "type": "voice"}, 1001),
        ("single", "bob", {"content": b"x" * 8001}, 1011),
        ("single", "huge", {}, 1005),
    ],
)
async def test_a_refused_message_does_not_block_later_messages(
    scenario: GroupScenario, enter: Open, session: str, receiver: str, how: dict[str, object], code: int
) -> None:
    hers = await run(lambda: channel_create_group(creator=scenario.carol, name="Hers"))
    ids = {
        "alice": scenario.alice.pk,
        "bob": scenario.bob.pk,
        "nobody": 10**9,
        "room": scenario.room.pk,
        "hers": hers.pk,
        "huge": 2**64 - 1,
    }
    alice = await enter(scenario.alice)
    refusal = await alice.send(session, ids[receiver], **how)
    assert (refusal.code, refusal.type, refusal.client_id) == (code, 0, 1)
    assert (await alice.send("single", scenario.bob.pk)).code == 200
    assert await run(Message.objects.count) == 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * 8001])
async def test_an_invalid_message_creates_no_channel(scenario: GroupScenario, enter: Open, content: bytes) -> None:
    alice = await enter(scenario.alice)
    assert (await alice.send("single", scenario.bob.pk, content)).code != 200
    assert not await run(Channel.objects.filter(kind="private").exists)


async def test_a_client_that_asked_for_the_global_channel_gets_its_messages(
    scenario: GroupScenario, enter: Open
) -> None:
    alice, bob, carol = [await enter(one, query="global=1") for one in (scenario.alice, scenario.bob, scenario.carol)]
    without = await enter(scenario.bob)
    assert (await alice.send("group", scenario.room.pk, "everybody")).code == 200
    await bob.message("everybody")
    await carol.message("everybody")
    assert await bob.fetch(0) == []
    await without.settle()
    assert without.messages == []


async def test_every_command_works_as_a_call_and_causes_its_pushes(scenario: GroupScenario, enter: Open) -> None:
    alice, bob, silent = await enter(scenario.alice), await enter(scenario.bob), await enter(scenario.bob)
    assert (await bob.call("ping"))["data"] == "pong"
    sent = await alice.call("message.send", target=str(scenario.group.pk), msg="hi")
    assert sent["code"] == 200
    assert (await bob.message("hi")).seq == sent["data"]["position"]
    target = {"target": str(scenario.group.pk), "id": sent["data"]["id"]}
    await alice.call("message.edit", **target, msg="ho")
    await bob.until(lambda: any(one["cmd"] == "message.edited" for one in bob.calls))
    await silent.message("hi")
    await silent.settle()
    assert silent.calls == []
    assert [one.content for one in await silent.fetch(0)] == [b"ho"]


async def test_an_invalid_call_is_answered(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    await alice.post(6, b"\xff{")
    await alice.until(lambda: bool(alice.calls))
    assert alice.calls[0]["response"]["code"] == 1001
    assert (await alice.call("no.such"))["code"] == 1010
    assert (await alice.call("login", appId=101))["code"] == 1009


@pytest.mark.parametrize("raw", [b"\xff" * 50, b"\x12\xff\xff\xff\xff\x7f", "text", '{"cmd": "ping"}'])
async def test_an_invalid_frame_is_refused_and_the_connection_remains_open(
    scenario: GroupScenario, enter: Open, raw: bytes | str
) -> None:
    alice = await enter(scenario.alice)
    await alice.socket.send(raw)
    assert (await alice.ack(lambda ack: ack.code != 200)).code == 1001
    for type in (1, 3, 4, 5):
        await alice.post(type, b"\x0a\xff\xff\xff\xff\x0f")
    await alice.until(lambda: len([ack for ack in alice.acks if ack.code == 1001]) == 5)
    assert (await alice.send("group", scenario.group.pk)).code == 200


async def test_two_users_never_get_two_private_channels(scenario: GroupScenario, enter: Open) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    for _ in range(10):
        await alice.put("single", scenario.bob.pk)
        await bob.put("single", scenario.alice.pk)
    await alice.until(lambda: len(alice.acks) == 11 and len(alice.messages) == 10)
    assert await run(Channel.objects.filter(kind="private").count) == 1
