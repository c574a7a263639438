"""The consumer of `/ws`, in this process: who may say what, numbers, order, what is held back, garbage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from accounts.actions import token_issue
from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.member import member_invite, member_remove
from chat.actions.message import message_recall
from chat.consumers import protobuf_consumer, resend
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.models import Channel, Message
from chat.node import resend_timer
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from tests.support.in_process import LocalSocket, Site, people, room, say, serving
from tests.support.protobuf_client import ProtobufClient

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., Awaitable[ProtobufClient]]


class World:
    def __init__(self) -> None:
        self.room = room()
        self.alice, self.bob, self.carol = people("alice", "bob", "carol")
        self.group = channel_create_group(creator=self.alice, name="Painters", members=["bob"])


@pytest.fixture
async def world() -> World:
    return await run(World)


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    async with serving() as running:
        yield running


@pytest.fixture
async def enter(site: Site) -> AsyncIterator[Open]:
    """Opens connections, logged in and synchronised from `sync` (None: without a Sync)."""
    clients: list[ProtobufClient] = []

    async def open_client(user: User | None, *, sync: int | None = 0, query: str = "") -> ProtobufClient:
        client = ProtobufClient(LocalSocket(query, ProtobufConsumer), user.pk if user else 0)
        clients.append(client)
        if user is not None:
            assert (await client.login(await run(lambda: token_issue(user=user)), sync=sync)).code == 200
        return client

    yield open_client
    for client in clients:
        await client.close()


# -- Login ------------------------------------------------------------------------------------------------------------


async def test_alice_logs_in_by_token(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    (ack,) = alice.acks
    assert (ack.code, ack.type, ack.client_id) == (200, im.AT_LOGIN, 0)


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_bad_token_is_refused_and_the_connection_closed(world: World, enter: Open, token: str) -> None:
    stranger = await enter(None)
    assert (await stranger.login(token)).code == 1003
    await stranger.closed()


async def test_an_unknown_app_is_refused(world: World, enter: Open) -> None:
    stranger = await enter(None, query="app=999")
    assert (await stranger.login(await run(lambda: token_issue(user=world.alice)))).code == 1003


@pytest.mark.parametrize("type", [0, 2, 3, 4, 5, 6, 9])
async def test_before_the_log_in_all_else_is_refused(world: World, enter: Open, type: int) -> None:
    stranger = await enter(None)
    await stranger.post(type, b"\xff")
    ack = await stranger.ack(lambda ack: True)
    assert (ack.code, ack.type, ack.client_id) == (1000, 0, 0)


async def test_a_second_log_in_is_refused(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    await alice.post(1)
    assert (await alice.ack(lambda ack: ack.code != 200)).code == 1009


async def test_a_heartbeat_gets_no_answer(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    await alice.post(2)
    await alice.settle()
    assert [ack.code for ack in alice.acks] == [200, 1010]


# -- Message ----------------------------------------------------------------------------------------------------------


async def test_alice_writes_to_bob(world: World, enter: Open) -> None:
    alice, bob, other = await enter(world.alice), await enter(world.bob), await enter(world.alice)
    ack = await alice.send("single", world.bob.pk, "hi 马")
    assert (ack.code, ack.type, ack.client_id) == (200, im.AT_UP, 1)
    for one in (bob, other):
        message = await one.message("hi 马")
        assert (message.session_type, message.receiver_id, message.sender_id) == (1, world.bob.pk, world.alice.pk)
        assert message.seq == ack.seq and message.message_type == 1 and message.send_time > 10**12
    await alice.settle()
    assert not alice.messages


async def test_alice_writes_to_her_group(world: World, enter: Open) -> None:
    alice, bob = await enter(world.alice), await enter(world.bob)
    await alice.send("group", world.group.pk, "all")
    message = await bob.message("all")
    assert (message.session_type, message.receiver_id) == (2, world.group.pk)


@pytest.mark.parametrize(("type", "content"), [("picture", b"\xff\x00\xfe"), ("voice", b"RIFF")])
async def test_pictures_and_voices_arrive_byte_for_byte(world: World, enter: Open, type: str, content: bytes) -> None:
    alice, bob = await enter(world.alice), await enter(world.bob)
    await alice.send("group", world.group.pk, content, type=type)
    await bob.until(lambda: bool(bob.messages))
    assert bob.messages[0].content == content
    assert (await bob.sync(0)).messages[0] == bob.messages[0]


async def test_the_json_protocol_shows_a_picture_by_its_name(site: Site, world: World, enter: Open) -> None:
    alice, bob = await enter(world.alice), await site.connect(world.bob)
    await alice.send("group", world.group.pk, b"\xff", type="picture")
    data = (await bob.push("msg")).data
    assert (data["type"], data["msg"], data["content"]) == ("picture", "[picture]", "/w==")


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
        ("single", "bob", {"content": b"", "type": "voice"}, 1001),
        ("single", "bob", {"content": b"x" * 8001}, 1011),
        ("single", "huge", {}, 1005),
    ],
)
async def test_what_may_not_be_sent_is_refused_and_blocks_nothing(
    world: World, enter: Open, session: str, receiver: str, how: dict[str, object], code: int
) -> None:
    hers = await run(lambda: channel_create_group(creator=world.carol, name="Hers"))
    ids = {
        "alice": world.alice.pk,
        "bob": world.bob.pk,
        "nobody": 10**9,
        "room": world.room.pk,
        "hers": hers.pk,
        "huge": 2**64 - 1,
    }
    alice = await enter(world.alice)
    refusal = await alice.send(session, ids[receiver], **how)
    assert (refusal.code, refusal.type, refusal.client_id) == (code, 0, 1)
    assert (await alice.send("single", world.bob.pk)).code == 200
    assert await run(Message.objects.count) == 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * 8001])
async def test_what_cannot_be_a_message_makes_no_channel(world: World, enter: Open, content: bytes) -> None:
    alice = await enter(world.alice)
    assert (await alice.send("single", world.bob.pk, content)).code != 200
    assert not await run(Channel.objects.filter(kind="private").exists)


async def test_a_number_that_leaves_a_gap_is_ignored(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    for number in (2, 3, 2**64 - 1):
        await alice.put("group", world.group.pk, number=number)
    await alice.settle()
    assert {ack.code for ack in alice.acks} == {200, 1010} and len(alice.acks) == 2
    assert (await alice.send("group", world.group.pk, number=1)).code == 200


async def test_a_message_without_number_is_refused(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    await alice.put("group", world.group.pk, number=0)
    ack = await alice.ack(lambda ack: ack.code != 200)
    assert (ack.code, ack.type, ack.client_id) == (1001, 0, 0)
    assert (await alice.send("group", world.group.pk, number=1)).code == 200


async def test_a_retry_is_acknowledged_again_and_stored_once(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    for _ in range(3):
        for number in range(1, 31):
            await alice.put("group", world.group.pk, f"{number}", number=number)
    await alice.until(lambda: len([ack for ack in alice.acks if ack.type == im.AT_UP]) == 90)
    seqs = {ack.client_id: set[int]() for ack in alice.acks if ack.client_id}
    for ack in alice.acks:
        if ack.client_id:
            seqs[ack.client_id].add(ack.seq)
    assert all(len(found) == 1 for found in seqs.values()) and len(seqs) == 30
    texts = await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True)))
    assert texts == [f"{number}" for number in range(1, 31)]


async def test_a_refused_number_is_tried_again(world: World, enter: Open) -> None:
    carol = await enter(world.carol)
    assert (await carol.send("group", world.group.pk, number=1)).code == 1005
    await run(lambda: member_invite(user=world.alice, channel_id=world.group.pk, names=["carol"]))
    assert (await carol.send("group", world.group.pk, number=1)).code == 200


async def test_across_connections_only_the_key_makes_it_the_same_message(world: World, enter: Open) -> None:
    one, other = await enter(world.alice), await enter(world.alice)
    first = await one.send("group", world.group.pk, key="k")
    again = await other.send("group", world.group.pk, key="k")
    assert (again.code, again.seq) == (200, first.seq)
    assert (await other.send("group", world.group.pk)).seq > first.seq
    assert await run(Message.objects.count) == 2


# -- order, and what is held back -------------------------------------------------------------------------------------


async def test_pushes_and_acknowledgements_come_in_the_order_of_positions(world: World, enter: Open) -> None:
    alice, bob = await enter(world.alice), await enter(world.bob)
    for number in range(100):
        await alice.put("single", world.bob.pk, f"a{number}")
        await bob.put("group", world.group.pk, f"b{number}")
    for one in (alice, bob):
        await one.until(lambda one=one: len(one.messages) == 100 and len(one.acks) == 101)  # type: ignore[misc]
        told = [
            im.PushMsg.FromString(output.data).msg.seq
            if output.type == im.CT_MESSAGE
            else im.ACKMsg.FromString(output.data).seq
            for output in one.outputs
            if output.type in (im.CT_MESSAGE, im.CT_ACK)
        ]
        assert told[1:] == sorted(set(told[1:]))
    assert max(alice.sizes) > 1


async def test_after_a_log_in_pushes_and_acknowledgements_wait_for_the_sync(
    world: World, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)
    for number in range(60):
        await run(say, world.alice, world.group, f"missed {number}")
    alice, bob = await enter(world.alice), await enter(world.bob, sync=None)
    await alice.send("group", world.group.pk, "live")
    await bob.put("group", world.group.pk, "mine")
    await bob.sync(0)
    assert not bob.messages and len(bob.acks) == 1

    await alice.message("mine")
    texts = [one.content.decode() for one in await bob.fetch(0)]
    assert texts == [f"missed {number}" for number in range(60)] + ["live", "mine"]
    await bob.ack(lambda ack: ack.type == im.AT_UP)
    await alice.send("group", world.group.pk, "later")
    await bob.message("later")
    assert bob.texts == ["later"]  # What the Sync brought is not pushed again.


async def test_a_sync_keeps_nothing_back_that_it_does_not_bring(world: World, enter: Open) -> None:
    alice = await enter(world.alice, query="global=1")
    bob = await enter(world.bob, query="global=1", sync=None)
    await alice.send("group", world.room.pk, "in the room")
    await alice.send("group", world.group.pk, "in the group")
    assert [one.content for one in await bob.fetch(0)] == [b"in the group"]
    await bob.message("in the room")
    assert bob.texts == ["in the room"]


async def test_who_sends_no_sync_is_served_all_the_same(
    world: World, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 0.05)
    alice, bob = await enter(world.alice, sync=None), await enter(world.bob, sync=None)
    assert (await alice.send("group", world.group.pk, "hi")).code == 200
    await bob.message("hi")


# -- Sync -------------------------------------------------------------------------------------------------------------


async def test_a_page_has_fifty_messages_and_says_whether_there_are_more(world: World, enter: Open) -> None:
    for number in range(100):
        await run(say, world.alice, world.group, f"{number}")
    bob = await enter(world.bob, sync=None)
    first = await bob.sync(0)
    second = await bob.sync(first.messages[-1].seq)
    assert [len(first.messages), first.has_more, len(second.messages), second.has_more] == [50, True, 50, False]
    assert not (await bob.sync(second.messages[-1].seq)).messages
    assert not (await bob.sync(2**64 - 1)).messages


async def test_sync_gives_nothing_from_before_joining_nor_after_being_removed(world: World, enter: Open) -> None:
    await run(say, world.alice, world.group, "before")
    await run(lambda: member_invite(user=world.alice, channel_id=world.group.pk, names=["carol"]))
    await run(say, world.alice, world.group, "with carol")
    carol = await enter(world.carol, sync=None)
    assert [one.content for one in await carol.fetch(0)] == [b"with carol"]
    await run(lambda: member_remove(user=world.alice, channel_id=world.group.pk, name="carol"))
    await run(say, world.alice, world.group, "without carol")
    assert await carol.fetch(0) == []
    await carol.settle()
    assert carol.texts == []


async def test_a_recalled_message_comes_without_its_content(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    ack = await alice.send("group", world.group.pk, b"\xff", type="picture")
    message = await run(lambda: Message.objects.get(position=ack.seq))
    await run(lambda: message_recall(user=world.alice, channel_id=world.group.pk, message_id=message.pk, app=101))
    bob = await enter(world.bob, sync=None)
    assert [(one.seq, one.content) for one in await bob.fetch(0)] == [(ack.seq, b"")]


async def test_the_room_comes_live_to_who_asked_for_it(world: World, enter: Open) -> None:
    alice, bob, carol = [await enter(one, query="global=1") for one in (world.alice, world.bob, world.carol)]
    without = await enter(world.bob)
    assert (await alice.send("group", world.room.pk, "everybody")).code == 200
    await bob.message("everybody")
    await carol.message("everybody")
    assert await bob.fetch(0) == []
    await without.settle()
    assert without.messages == []


# -- Call -------------------------------------------------------------------------------------------------------------


async def test_every_command_works_as_a_call_and_brings_the_other_pushes(world: World, enter: Open) -> None:
    alice, bob, silent = await enter(world.alice), await enter(world.bob), await enter(world.bob)
    assert (await bob.call("ping"))["data"] == "pong"
    sent = await alice.call("message.send", target=str(world.group.pk), msg="hi")
    assert sent["code"] == 200
    assert (await bob.message("hi")).seq == sent["data"]["position"]
    target = {"target": str(world.group.pk), "id": sent["data"]["id"]}
    await alice.call("message.edit", **target, msg="ho")
    await bob.until(lambda: any(one["cmd"] == "message.edited" for one in bob.calls))
    await silent.message("hi")
    await silent.settle()
    assert silent.calls == []
    assert [one.content for one in await silent.fetch(0)] == [b"ho"]


async def test_a_call_that_is_no_request_is_answered(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    await alice.post(6, b"\xff{")
    await alice.until(lambda: bool(alice.calls))
    assert alice.calls[0]["response"]["code"] == 1001
    assert (await alice.call("no.such"))["code"] == 1010
    assert (await alice.call("login", appId=101))["code"] == 1009


# -- garbage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"\xff" * 50, b"\x12\xff\xff\xff\xff\x7f", "text", '{"cmd": "ping"}'])
async def test_garbage_is_refused_and_the_connection_lives(world: World, enter: Open, raw: bytes | str) -> None:
    alice = await enter(world.alice)
    await alice.socket.send(raw)
    assert (await alice.ack(lambda ack: ack.code != 200)).code == 1001
    for type in (1, 3, 4, 5):
        await alice.post(type, b"\x0a\xff\xff\xff\xff\x0f")
    await alice.until(lambda: len([ack for ack in alice.acks if ack.code == 1001]) == 5)
    assert (await alice.send("group", world.group.pk)).code == 200


async def test_a_message_of_unknown_kinds_uses_its_number_up(world: World, enter: Open) -> None:
    alice = await enter(world.alice)
    message = im.Message(session_type=9, receiver_id=1, sender_id=world.alice.pk, message_type=9)  # type: ignore[arg-type]
    await alice.post(3, im.UpMsg(msg=message, clientId=1).SerializeToString())
    assert (await alice.ack(lambda ack: ack.client_id == 1)).code == 1001
    assert (await alice.send("group", world.group.pk, number=2)).code == 200


async def test_two_channels_are_never_made_for_two_people(world: World, enter: Open) -> None:
    alice, bob = await enter(world.alice), await enter(world.bob)
    for _ in range(10):
        await alice.put("single", world.bob.pk)
        await bob.put("single", world.alice.pk)
    await alice.until(lambda: len(alice.acks) == 11 and len(alice.messages) == 10)
    assert await run(Channel.objects.filter(kind="private").count) == 1


async def test_who_acknowledges_is_sent_again_what_it_does_not(
    world: World, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    alice, bob, silent = await enter(world.alice), await enter(world.bob), await enter(world.bob)
    first = await alice.send("group", world.group.pk, "first")
    await alice.send("group", world.group.pk, "second")
    await bob.message("second")
    await bob.acknowledge(first.seq)
    await bob.until(lambda: bob.texts.count("second") >= 3)
    await bob.acknowledge(bob.messages[-1].seq)
    await silent.settle()
    assert bob.texts.count("first") == 1 and silent.texts == ["first", "second"]


async def test_who_was_answered_much_since_is_sent_again_what_came_before(
    world: World, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    monkeypatch.setattr(resend, "RECENT_FRAMES_KEPT", 20)
    alice, bob = await enter(world.alice), await enter(world.bob)
    first = await alice.send("group", world.group.pk, "first")
    await alice.send("group", world.group.pk, "second")
    await bob.message("second")
    for _ in range(20):
        await bob.post(9)
    await bob.acknowledge(first.seq)
    await bob.until(lambda: bob.texts.count("second") >= 3)
    await bob.acknowledge(bob.messages[-1].seq)
    assert bob.texts.count("first") == 1


async def test_who_acknowledges_late_is_sent_again_also_what_is_no_longer_kept(
    world: World, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    alice, bob = await enter(world.alice), await enter(world.bob)
    await bob.send("group", world.group.pk, "bob's own")
    count = resend.RECENT_FRAMES_KEPT + 60
    for number in range(count):
        await alice.put("group", world.group.pk, f"{number}")
    await bob.until(lambda: len(bob.messages) == count)
    await bob.acknowledge(0)
    await bob.until(lambda: {f"{number}" for number in range(100)} <= set(bob.texts[count:]))
    await bob.acknowledge(bob.messages[count - 1].seq)
    assert "bob's own" not in bob.texts
