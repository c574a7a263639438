"""`POST /api/v1/messages/` accepts targets, senders and transient messages."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import guest_create
from accounts.models import App, Block, User
from chat import selectors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.models import Channel, Message
from tests.chat.api.conftest import LiveHub
from tests.chat.api.v1.calls import send, texts
from tests.chat.api.v1.conftest import Caller
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.django_db(transaction=True), each_way]


def room(app: App) -> str:
    return str(selectors.global_channel(app).pk)


def test_a_service_sends_to_an_online_user(bot: Caller, live_hub: LiveHub, alice: User, web: App) -> None:
    screen = live_hub.log_in(alice, web)
    reply = send(bot, {"user": "alice"}, "your parcel has left")
    (sent,) = reply.data["messages"]
    assert reply.status == 201 and sent["online"] is True and sent["to"] == {"user": "alice"}
    assert screen.texts == ["your parcel has left"]
    assert screen.messages[0]["response"]["data"]["id"] == sent["id"]


def test_a_service_sends_to_an_offline_user(bot: Caller, live_hub: LiveHub, alice: User) -> None:
    (sent,) = send(bot, {"user": "ALICE"}).data["messages"]
    assert sent["online"] is False
    channel = Channel.objects.get(pk=sent["target"])
    assert channel.kind == "private" and str(alice.pk) in str(channel.pair)


def test_a_service_cannot_send_to_an_unknown_user(bot: Caller, db: None) -> None:
    guest_create(name="夏圭？")
    for name in ("ghost", "夏圭？", "\0", "\u202e"):
        assert send(bot, {"user": name}).status == 404
    assert not Channel.objects.exists()


def test_a_service_cannot_send_to_itself(bot: Caller) -> None:
    assert send(bot, {"user": "shop"}).status == 400


def test_a_service_sends_to_several_users_with_a_result_for_each(bot: Caller, alice: User, bob: User) -> None:
    reply = send(bot, {"users": ["alice", "ghost", "bob", "alice"]})
    first, second, third = reply.data["messages"]
    assert reply.status == 201
    assert first["target"] != third["target"]
    assert second["to"] == {"user": "ghost"} and second["problem"]["status"] == 404
    assert texts() == ["hello", "hello"]


def test_a_service_cannot_send_to_several_unknown_users(bot: Caller, db: None) -> None:
    assert send(bot, {"users": ["ghost", "phantom"]}).status == 404


def test_a_service_sends_to_an_app_and_to_everyone(
    bot: Caller, live_hub: LiveHub, alice: User, web: App, ios: App, old: App
) -> None:
    screen = live_hub.log_in(alice, ios)
    assert send(bot, {"app": 101}, "web only").data["messages"][0]["target"] == room(web)
    reply = send(bot, {"everyone": True}, "all")
    assert [one["to"] for one in reply.data["messages"]] == [{"app": 101}, {"app": 102}]
    assert screen.texts == ["all"]


@pytest.mark.parametrize("app", [105, 999])
def test_a_service_cannot_send_to_a_disabled_or_unknown_app(app: int, bot: Caller, old: App) -> None:
    assert send(bot, {"app": app}).status == 404


def test_a_service_sends_only_to_groups_it_belongs_to(bot: Caller, shop: User, alice: User, bob: User) -> None:
    own = channel_create_group(creator=alice, name="With the shop", members=["shop"])
    other = channel_create_group(creator=alice, name="Without", members=["bob"])
    assert send(bot, {"channel": str(own.pk)}).status == 201
    hidden = send(bot, {"channel": str(other.pk)})
    assert hidden.status == 404 and hidden.data == send(bot, {"channel": "999999"}).data


@pytest.mark.parametrize(
    "to",
    [{}, {"channel": "1", "user": "alice"}, {"everyone": False}, {"users": []}, {"users": ["a"] * 1001}, {"x": 1},
     {"channel": 1}, {"channel": "-1"}, {"channel": ""}, {"user": ""}, {"user": 5}, {"app": "101"}, {"app": 0}, []],
)  # fmt: skip
def test_an_invalid_target_is_refused(to: object, bot: Caller, web: App) -> None:
    assert bot.post("messages/", {"to": to, "msg": "hello"}).status == 400


@pytest.mark.parametrize("text", ["", "  ", "\u2800\ufe0f", "a\0b"], ids=ascii)
def test_an_empty_or_invalid_text_is_refused(text: str, bot: Caller, alice: User) -> None:
    assert send(bot, {"user": "alice"}, text).status == 400


def test_a_too_long_text_is_refused(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_MESSAGE_MAX_LENGTH = 10
    reply = send(bot, {"user": "alice"}, "a" * 11)
    assert (reply.status, reply.code, reply.data["limit"]) == (413, 1011, 10)


def test_a_service_cannot_send_to_a_user_who_has_blocked_it(bot: Caller, shop: User, alice: User, bob: User) -> None:
    channel_create_private(creator=shop, other=bob)
    for person in (alice, bob):
        Block.objects.create(blocker=person, blocked=shop)
    User.objects.filter(pk=shop.pk).update(is_restricted=True)
    assert [send(bot, {"user": name}).status for name in ("alice", "bob")] == [403, 403]
    assert not texts()


def test_a_service_sends_in_the_name_of_a_user(
    speaker: Caller, live_hub: LiveHub, alice: User, bob: User, web: App
) -> None:
    screen = live_hub.log_in(bob, web)
    assert send(speaker, {"user": "bob"}, "from alice", **{"as": "alice"}).status == 201
    assert screen.messages[0]["response"]["data"]["from"] == "alice"
    assert Message.objects.get().sender == alice


def test_a_service_needs_permission_to_send_in_the_name_of_a_user(bot: Caller, alice: User, bob: User) -> None:
    reply = send(bot, {"user": "bob"}, **{"as": "alice"})
    assert reply.status == 403 and "speak_for_others" in reply.data["detail"]
    assert not texts()


def test_a_service_cannot_send_in_the_name_of_an_unknown_user(speaker: Caller, bob: User) -> None:
    assert send(speaker, {"user": "bob"}, **{"as": "ghost"}).status == 404


def test_a_service_cannot_send_for_a_user_to_a_group_they_do_not_belong_to(
    speaker: Caller, shop: User, alice: User
) -> None:
    group = channel_create_group(creator=shop, name="The shop's")
    assert send(speaker, {"channel": str(group.pk)}, **{"as": "alice"}).status == 404


def test_a_transient_message_reaches_online_users_and_is_not_stored(
    bot: Caller, live_hub: LiveHub, alice: User, bob: User, web: App
) -> None:
    screen = live_hub.log_in(alice, web)
    guest = live_hub.log_in(guest_create(name="夏圭？"), web)
    reply = send(bot, {"users": ["alice", "bob", "夏圭？"]}, "now or never", transient=True)
    assert reply.status == 201
    assert [one["persons"] for one in reply.data["messages"]] == [1, 0, 1]
    assert screen.texts == guest.texts == ["now or never"]
    assert screen.messages[0]["response"]["data"]["target"] == ""
    assert not texts() and not Channel.objects.filter(kind="private").exists()


def test_a_transient_message_reaches_an_app_and_a_group(
    bot: Caller, live_hub: LiveHub, shop: User, alice: User, web: App
) -> None:
    group = channel_create_group(creator=alice, name="With the shop", members=["shop"])
    screen = live_hub.log_in(alice, web)
    assert send(bot, {"app": 101}, "to the app", transient=True).data["messages"][0]["persons"] == 1
    assert send(bot, {"channel": str(group.pk)}, "to the group", transient=True).data["messages"][0]["persons"] == 1
    assert screen.texts == ["to the app", "to the group"]


def test_a_transient_message_needs_the_same_rights(
    bot: Caller, live_hub: LiveHub, shop: User, alice: User, bob: User
) -> None:
    group = channel_create_group(creator=alice, name="Without the shop")
    Block.objects.create(blocker=bob, blocked=shop)
    assert send(bot, {"channel": str(group.pk)}, transient=True).status == 404
    assert send(bot, {"user": "bob"}, transient=True).status == 403
    assert send(bot, {"user": "bob"}, transient=True, **{"as": "alice"}).status == 403
