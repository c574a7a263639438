"""Legacy calls send messages to a user, and to an app in a user's name."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import guest_create, system_user
from accounts.models import App, User
from chat import selectors
from chat.models import Channel, Message
from tests.chat.api.conftest import Grant, LiveHub, post
from tests.chat.api.legacy.calls import GUEST, to_alice, to_web
from tests.support.both_ways import each_way

pytestmark = each_way


def test_the_system_writes_to_alice(program: Client, live_hub: LiveHub, alice: User, bob: User, web: App) -> None:
    screen, stranger = live_hub.log_in(alice, web), live_hub.log_in(bob, web)
    assert to_alice(program) == {"code": 200, "msg": "Success", "data": {"sendResults": True}}
    (push,) = screen.messages
    message = Message.objects.get()
    assert (push["seq"], push["response"]["code"]) == ("m1", 200)
    assert push["response"]["data"].items() >= {
        "target": str(message.channel_id), "type": "text", "msg": "hello", "from": "system",
        "fromId": str(system_user().pk), "id": str(message.pk), "seq": 1, "position": message.position,
    }.items()  # fmt: skip
    assert stranger.messages == []


def test_alice_finds_messages_sent_while_she_was_offline(program: Client, live_hub: LiveHub, alice: User) -> None:
    assert to_alice(program)["data"] == {"sendResults": False}
    assert to_alice(program, "m2", "again")["data"] == {"sendResults": False}
    page = selectors.sync(alice, after=0, upto=10, limit=100)
    assert [entry.body["msg"] for entry in page.entries if entry.kind == "msg"] == ["hello", "again"]
    listed = [item for item in selectors.channel_list(alice, 101) if item.peer is not None]
    assert [(item.peer, item.unread) for item in listed] == [(system_user(), 2)]


def test_a_service_with_a_token_writes_in_its_own_name(
    program: Client, live_hub: LiveHub, alice: User, shop: User, web: App, grant: Grant
) -> None:
    screen = live_hub.log_in(alice, web)
    headers = {"Authorization": grant(shop, "use_gateway")}
    fields = {"userID": "alice", "msgID": "m1", "message": "Sent.", "sender": "1", "fromId": "1", "caller": "1"}
    assert post(program, "/user/sendMessage", headers, **fields)["data"] == {"sendResults": True}
    (push,) = screen.messages
    assert push["response"]["data"].items() >= {"from": "shop", "fromId": str(shop.pk), "name": "The shop"}.items()


def test_the_app_limits_live_delivery_only(program: Client, live_hub: LiveHub, alice: User, web: App, ios: App) -> None:
    on_web, on_ios = live_hub.log_in(alice, web), live_hub.log_in(alice, ios)
    assert to_alice(program, "m1", "to the phone", appID="102")["data"] == {"sendResults": True}
    assert to_alice(program, "m2", "everywhere", appId="0")["data"] == {"sendResults": True}
    assert on_web.texts == ["everywhere"]
    assert on_ios.texts == ["to the phone", "everywhere"]
    live_hub.log_out(on_ios)
    assert to_alice(program, "m3", "missed", appID="102")["data"] == {"sendResults": True}, "online anywhere"
    assert on_web.texts == ["everywhere"]
    assert Message.objects.count() == 3


def test_all_guests_with_the_name_get_it_live_and_nothing_is_stored(
    program: Client, live_hub: LiveHub, web: App
) -> None:
    first, second = (live_hub.log_in(guest_create(name=GUEST), web) for _ in range(2))
    other = live_hub.log_in(guest_create(name="马远"), web)
    assert to_alice(program, userID=GUEST)["data"] == {"sendResults": True}
    assert first.messages == second.messages
    (push,) = first.messages
    assert (push["cmd"], push["seq"]) == ("msg", "m1")
    data = push["response"]["data"]
    assert data.pop("time") > 0
    assert data == {
        "target": "", "type": "text", "msg": "hello", "from": "system", "fromId": str(system_user().pk),
        "name": "System", "avatar": "", "id": "0", "seq": 0,
    }  # fmt: skip
    assert other.messages == []
    assert not Message.objects.exists()
    assert not Channel.objects.filter(kind=Channel.Kind.PRIVATE).exists()


def test_a_guest_on_another_app_gets_nothing(program: Client, live_hub: LiveHub, web: App, ios: App) -> None:
    screen = live_hub.log_in(guest_create(name=GUEST), ios)
    assert to_alice(program, userID=GUEST, appID="101")["data"] == {"sendResults": True}
    assert screen.messages == []


def test_an_account_and_a_guest_with_one_name_both_get_it(program: Client, live_hub: LiveHub, web: App) -> None:
    guest = live_hub.log_in(guest_create(name="alice"), web)
    account = live_hub.log_in(User.objects.create_user("alice"), web)
    assert to_alice(program)["data"] == {"sendResults": True}
    assert guest.texts == account.texts == ["hello"]


@pytest.mark.usefixtures("live_hub")
def test_an_unknown_name_is_answered_like_an_offline_user(program: Client) -> None:
    assert to_alice(program, userID="nobody") == {"code": 200, "msg": "Success", "data": {"sendResults": False}}
    assert not Channel.objects.filter(kind=Channel.Kind.PRIVATE).exists()


def test_a_deactivated_account_is_answered_like_an_unknown_name(
    program: Client, live_hub: LiveHub, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert to_alice(program)["data"] == {"sendResults": False}
    assert not Channel.objects.filter(kind=Channel.Kind.PRIVATE).exists()


@pytest.mark.usefixtures("live_hub")
def test_the_system_does_not_write_to_itself(program: Client) -> None:
    system_user()
    assert to_alice(program, userID="system")["code"] == 1001


def test_a_guest_named_as_sender_does_not_get_the_message(
    program: Client, live_hub: LiveHub, alice: User, web: App, ios: App
) -> None:
    guest = guest_create(name=GUEST)
    own, other, elsewhere = live_hub.log_in(guest, web), live_hub.log_in(alice, web), live_hub.log_in(alice, ios)
    assert to_web(program) == {"code": 200, "msg": "Success", "data": {"sendResults": True}}
    (push,) = other.messages
    assert push["seq"] == "m1"
    assert push["response"]["data"].items() >= {"msg": "hello", "from": GUEST, "fromId": str(guest.pk)}.items()
    assert own.messages == elsewhere.messages == []
    assert Message.objects.get().channel == selectors.global_channel(web)


def test_of_several_guests_with_one_name_the_last_is_the_sender(program: Client, live_hub: LiveHub, web: App) -> None:
    earlier, last = (live_hub.log_in(guest_create(name=GUEST), web) for _ in range(2))
    to_web(program)
    assert earlier.texts == ["hello"]
    assert last.texts == []
    assert Message.objects.get().sender == last.user


@pytest.mark.parametrize("where", ["away", "on another app"])
def test_the_system_sends_in_the_name_of_an_offline_user(
    where: str, program: Client, live_hub: LiveHub, alice: User, bob: User, web: App, ios: App
) -> None:
    hers = live_hub.log_in(alice, ios) if where == "on another app" else None
    screen = live_hub.log_in(bob, web)
    assert to_web(program, "alice")["data"] == {"sendResults": True}
    (push,) = screen.messages
    expected = {"from": "alice", "name": "alice", "fromId": str(system_user().pk)}
    assert push["response"]["data"].items() >= expected.items()
    assert hers is None or hers.messages == []


def test_a_service_that_sends_in_the_name_of_a_user_remains_the_author(
    program: Client, live_hub: LiveHub, alice: User, bob: User, shop: User, web: App, grant: Grant
) -> None:
    """The right to send is no right to edit or recall as that user."""
    hers, screen = live_hub.log_in(alice, web), live_hub.log_in(bob, web)
    headers = {"Authorization": grant(shop, "use_gateway")}
    for name, msg_id in (("alice", "m1"), ("shop", "m2")):
        post(program, "/user/sendMessageAll", headers, appID="101", userID=name, msgID=msg_id, message=msg_id)
    assert [(one["response"]["data"]["from"], one["response"]["data"]["fromId"]) for one in screen.messages] == [
        ("alice", str(shop.pk)),
        ("shop", str(shop.pk)),
    ]
    assert hers.texts == ["m2"], "who says it does not get it"
    assert list(Message.objects.order_by("seq").values_list("shown_as", flat=True)) == ["alice", ""]


@pytest.mark.usefixtures("live_hub", "alice")
def test_a_closed_global_channel_refuses_messages(program: Client, web: App) -> None:
    Channel.objects.filter(app=web).update(closed=True)
    assert to_web(program)["code"] == 1009
