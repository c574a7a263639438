"""Other systems see who is online, and send to a person or to an app."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.actions import guest_create, system_user
from accounts.models import App, User
from chat import selectors
from chat.models import Channel, Message
from chat.selectors import presence as online
from delivery.models import ClaimedKey, Event
from tests.chat.api.conftest import Answer, Grant, Town, get, post

GUEST = "夏圭？"


@pytest.fixture
def program(web: App) -> Client:
    """On loopback, without a token."""
    return Client()


def to_alice(client: Client, msg_id: str = "m1", text: str = "hello", **fields: str) -> Answer:
    return post(client, "/user/sendMessage", **{"userID": "alice", "msgID": msg_id, "message": text, **fields})


def to_web(client: Client, name: str = GUEST, msg_id: str = "m1", text: str = "hello", **fields: str) -> Answer:
    fields = {"appID": "101", "userID": name, "msgID": msg_id, "message": text, **fields}
    return post(client, "/user/sendMessageAll", **fields)


# -- who is online ----------------------------------------------------------------------------------------------------


def test_the_list_names_everybody_on_the_app(program: Client, town: Town, alice: User, web: App, ios: App) -> None:
    for user, app in [(alice, web), (alice, web), (guest_create(name=GUEST), web), (guest_create(name="马远"), ios)]:
        town.log_in(user, app)
    assert get(program, "/user/list", appID="101") == {
        "code": 200,
        "msg": "Success",
        "data": {"userList": ["alice", GUEST], "userCount": 2},
    }
    assert get(program, "/user/list", appId="102")["data"] == {"userList": ["马远"], "userCount": 1}


def test_two_guests_of_one_name_are_two(program: Client, town: Town, web: App) -> None:
    for _ in range(2):
        town.log_in(guest_create(name=GUEST), web)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [GUEST, GUEST], "userCount": 2}


def test_who_lets_nobody_see_it_is_online_nowhere(program: Client, town: Town, alice: User, web: App) -> None:
    town.log_in(alice, web)
    town.log_in(guest_create(name=GUEST), web)
    User.objects.filter(pk=alice.pk).update(shares_presence=False)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [GUEST], "userCount": 1}
    for name in ("alice", "ALICE"):
        assert get(program, "/user/online", userID=name)["data"] == {"userID": name, "online": False}
    assert online.online_by_name(["alice", GUEST]) == {"alice": False, GUEST: True}
    assert list(online.online_users_page(web, after=0, limit=1)[0].values()) == [GUEST]


def test_who_has_left_is_not_on_the_list(program: Client, town: Town, alice: User, web: App) -> None:
    screen = town.log_in(alice, web)
    assert get(program, "/user/online", userID="alice")["data"] == {"userID": "alice", "online": True}
    town.log_out(screen)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [], "userCount": 0}
    assert get(program, "/user/online", userID="alice")["data"] == {"userID": "alice", "online": False}


@pytest.mark.parametrize(
    ("fields", "online"),
    [({}, True), ({"appID": "0"}, True), ({"appID": "101"}, True), ({"appId": "102"}, False), ({"appID": ""}, True)],
)
@pytest.mark.parametrize("name", ["alice", GUEST])
@pytest.mark.usefixtures("ios")
def test_somebody_is_online_on_one_app_or_on_any(
    name: str, fields: dict[str, str], online: bool, program: Client, town: Town, alice: User, web: App
) -> None:
    town.log_in(alice, web)
    town.log_in(guest_create(name=GUEST), web)
    assert get(program, "/user/online", userId=name, **fields)["data"] == {"userID": name, "online": online}


def test_an_account_is_found_however_its_name_is_spelt(program: Client, town: Town, alice: User, web: App) -> None:
    town.log_in(alice, web)
    assert get(program, "/user/online", userID="ＡＬＩＣＥ")["data"] == {"userID": "ＡＬＩＣＥ", "online": True}


@pytest.mark.usefixtures("web", "alice")
def test_a_process_that_serves_nobody_knows_nobody() -> None:
    assert get(Client(), "/user/list", appID="101")["data"] == {"userList": [], "userCount": 0}
    assert get(Client(), "/user/online", userID="alice")["data"]["online"] is False


# -- to a person ------------------------------------------------------------------------------------------------------


def test_the_system_writes_to_alice(program: Client, town: Town, alice: User, bob: User, web: App) -> None:
    screen, stranger = town.log_in(alice, web), town.log_in(bob, web)
    assert to_alice(program) == {"code": 200, "msg": "Success", "data": {"sendResults": True}}
    (push,) = screen.messages
    message = Message.objects.get()
    assert (push["seq"], push["response"]["code"]) == ("m1", 200)
    assert push["response"]["data"].items() >= {
        "target": str(message.channel_id), "type": "text", "msg": "hello", "from": "system",
        "fromId": str(system_user().pk), "id": str(message.pk), "seq": 1, "position": message.position,
    }.items()  # fmt: skip
    assert stranger.messages == []


def test_alice_finds_later_what_came_while_she_was_away(program: Client, town: Town, alice: User) -> None:
    assert to_alice(program)["data"] == {"sendResults": False}
    assert to_alice(program, "m2", "again")["data"] == {"sendResults": False}
    page = selectors.sync(alice, after=0, upto=10, limit=100)
    assert [entry.body["msg"] for entry in page.entries if entry.kind == "msg"] == ["hello", "again"]
    listed = [item for item in selectors.channel_list(alice, 101) if item.peer is not None]
    assert [(item.peer, item.unread) for item in listed] == [(system_user(), 2)]


def test_a_service_with_a_token_writes_as_itself(
    program: Client, town: Town, alice: User, shop: User, web: App, grant: Grant
) -> None:
    screen = town.log_in(alice, web)
    headers = {"Authorization": grant(shop, "use_gateway")}
    fields = {"userID": "alice", "msgID": "m1", "message": "Sent.", "sender": "1", "fromId": "1", "caller": "1"}
    assert post(program, "/user/sendMessage", headers, **fields)["data"] == {"sendResults": True}
    (push,) = screen.messages
    assert push["response"]["data"].items() >= {"from": "shop", "fromId": str(shop.pk), "name": "The shop"}.items()


def test_the_app_limits_live_delivery_only(program: Client, town: Town, alice: User, web: App, ios: App) -> None:
    on_web, on_ios = town.log_in(alice, web), town.log_in(alice, ios)
    assert to_alice(program, "m1", "to the phone", appID="102")["data"] == {"sendResults": True}
    assert to_alice(program, "m2", "everywhere", appId="0")["data"] == {"sendResults": True}
    assert on_web.texts == ["everywhere"]
    assert on_ios.texts == ["to the phone", "everywhere"]
    town.log_out(on_ios)
    assert to_alice(program, "m3", "missed", appID="102")["data"] == {"sendResults": True}, "online anywhere"
    assert on_web.texts == ["everywhere"]
    assert Message.objects.count() == 3


def test_all_guests_of_the_name_get_it_live_and_nothing_is_stored(program: Client, town: Town, web: App) -> None:
    first, second = (town.log_in(guest_create(name=GUEST), web) for _ in range(2))
    other = town.log_in(guest_create(name="马远"), web)
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


def test_a_guest_on_another_app_does_not_get_what_is_for_this_one(
    program: Client, town: Town, web: App, ios: App
) -> None:
    screen = town.log_in(guest_create(name=GUEST), ios)
    assert to_alice(program, userID=GUEST, appID="101")["data"] == {"sendResults": True}
    assert screen.messages == []


def test_an_account_and_a_guest_of_one_name_both_get_it(program: Client, town: Town, web: App) -> None:
    guest = town.log_in(guest_create(name="alice"), web)
    account = town.log_in(User.objects.create_user("alice"), web)
    assert to_alice(program)["data"] == {"sendResults": True}
    assert guest.texts == account.texts == ["hello"]


@pytest.mark.usefixtures("town")
def test_a_name_that_nobody_bears_is_answered_like_somebody_offline(program: Client) -> None:
    assert to_alice(program, userID="nobody") == {"code": 200, "msg": "Success", "data": {"sendResults": False}}
    assert not Channel.objects.filter(kind=Channel.Kind.PRIVATE).exists()


def test_a_deactivated_account_is_like_one_that_does_not_exist(program: Client, town: Town, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert to_alice(program)["data"] == {"sendResults": False}
    assert not Channel.objects.filter(kind=Channel.Kind.PRIVATE).exists()


@pytest.mark.usefixtures("town")
def test_the_system_does_not_write_to_itself(program: Client) -> None:
    system_user()
    assert to_alice(program, userID="system")["code"] == 1001


# -- to an app --------------------------------------------------------------------------------------------------------


def test_a_guest_speaks_to_the_app_and_does_not_hear_it(
    program: Client, town: Town, alice: User, web: App, ios: App
) -> None:
    guest = guest_create(name=GUEST)
    own, other, elsewhere = town.log_in(guest, web), town.log_in(alice, web), town.log_in(alice, ios)
    assert to_web(program) == {"code": 200, "msg": "Success", "data": {"sendResults": True}}
    (push,) = other.messages
    assert push["seq"] == "m1"
    assert push["response"]["data"].items() >= {"msg": "hello", "from": GUEST, "fromId": str(guest.pk)}.items()
    assert own.messages == elsewhere.messages == []
    assert Message.objects.get().channel == selectors.global_channel(web)


def test_of_several_guests_of_one_name_the_last_speaks(program: Client, town: Town, web: App) -> None:
    earlier, last = (town.log_in(guest_create(name=GUEST), web) for _ in range(2))
    to_web(program)
    assert earlier.texts == ["hello"]
    assert last.texts == []
    assert Message.objects.get().sender == last.user


@pytest.mark.parametrize("where", ["away", "on another app"])
def test_the_system_speaks_in_the_name_of_who_is_not_there(
    where: str, program: Client, town: Town, alice: User, bob: User, web: App, ios: App
) -> None:
    hers = town.log_in(alice, ios) if where == "on another app" else None
    screen = town.log_in(bob, web)
    assert to_web(program, "alice")["data"] == {"sendResults": True}
    (push,) = screen.messages
    expected = {"from": "alice", "name": "alice", "fromId": str(system_user().pk)}
    assert push["response"]["data"].items() >= expected.items()
    assert hers is None or hers.messages == []


def test_a_token_speaks_in_a_name_but_stays_the_author(
    program: Client, town: Town, alice: User, bob: User, shop: User, web: App, grant: Grant
) -> None:
    """A right to send is no right to be somebody else."""
    hers, screen = town.log_in(alice, web), town.log_in(bob, web)
    headers = {"Authorization": grant(shop, "use_gateway")}
    for name, msg_id in (("alice", "m1"), ("shop", "m2")):
        post(program, "/user/sendMessageAll", headers, appID="101", userID=name, msgID=msg_id, message=msg_id)
    assert [(one["response"]["data"]["from"], one["response"]["data"]["fromId"]) for one in screen.messages] == [
        ("alice", str(shop.pk)),
        ("shop", str(shop.pk)),
    ]
    assert hers.texts == ["m2"], "who says it does not get it"
    assert list(Message.objects.order_by("seq").values_list("shown_as", flat=True)) == ["alice", ""]


@pytest.mark.usefixtures("town", "alice")
def test_nothing_is_said_in_a_closed_room(program: Client, web: App) -> None:
    Channel.objects.filter(app=web).update(closed=True)
    assert to_web(program)["code"] == 1009


# -- once -------------------------------------------------------------------------------------------------------------

SENDS: dict[str, Callable[..., Answer]] = {"to a person": to_alice, "to an app": to_web}
each_send = pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)


@each_send
@pytest.mark.parametrize("spelling", ["msgID", "msgId"])
def test_the_same_msg_id_again_is_sent_to_nobody(
    send: Callable[..., Answer], spelling: str, program: Client, town: Town, alice: User, web: App
) -> None:
    screen = town.log_in(alice, web)
    assert send(program, text="first")["data"] == {"sendResults": True}
    assert send(program, msg_id="", text="second", **{spelling: "m1"}) == {"code": 200, "msg": "Success", "data": {}}
    assert screen.texts == ["first"]


def test_a_msg_id_serves_one_call_of_whichever_kind_and_to_whomever(
    program: Client, town: Town, alice: User, bob: User, web: App
) -> None:
    to_alice(program)
    seen = town.log_in(bob, web)
    assert to_web(program)["data"] == {}
    assert to_alice(program, userID="bob")["data"] == {}
    assert to_alice(program, userID="nobody")["data"] == {}
    assert seen.messages == []
    assert Channel.objects.filter(kind=Channel.Kind.PRIVATE).count() == 1, "a repeat makes no channel either"


def test_a_guest_gets_the_same_msg_id_once(program: Client, town: Town, web: App) -> None:
    screen = town.log_in(guest_create(name=GUEST), web)
    assert to_alice(program, userID=GUEST)["data"] == {"sendResults": True}
    assert to_alice(program, userID=GUEST)["data"] == {}
    assert screen.texts == ["hello"]


@pytest.mark.usefixtures("town", "alice")
def test_two_callers_count_for_themselves(program: Client, shop: User, grant: Grant) -> None:
    headers = {"Authorization": grant(shop, "use_gateway")}
    assert to_alice(program)["data"] != {}
    assert post(program, "/user/sendMessage", headers, userID="alice", msgID="m1", message="hello")["data"] != {}


@pytest.mark.usefixtures("town", "alice")
def test_a_refused_call_does_not_use_its_msg_id_up(program: Client) -> None:
    assert to_alice(program, text=" ")["code"] == 1001
    assert to_alice(program)["data"] == {"sendResults": False}


@each_send
@pytest.mark.usefixtures("town", "alice")
def test_a_msg_id_is_free_again_when_its_hours_have_passed(
    send: Callable[..., Answer], program: Client, settings: Settings
) -> None:
    settings.IM_LEGACY_IDEMPOTENCY_HOURS = 12
    send(program)
    claimed = ClaimedKey.objects.get()
    assert timedelta(hours=11) < claimed.expires - timezone.now() <= timedelta(hours=12)
    ClaimedKey.objects.update(expires=timezone.now())
    assert send(program)["data"] != {}
    assert Message.objects.count() == 2


@pytest.mark.parametrize("name", ["alice", GUEST, None], ids=["to a person", "to a guest", "to an app"])
def test_the_same_call_twenty_times_at_once_is_sent_once(
    name: str | None, program: Client, town: Town, alice: User, bob: User, web: App
) -> None:
    screens = [town.log_in(user, web) for user in (alice, bob, guest_create(name=GUEST))]

    def send(_: int) -> Answer:
        try:
            return to_web(Client(), "马远") if name is None else to_alice(Client(), userID=name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    assert all(answer["code"] == 200 for answer in answers)
    assert sorted(json.dumps(answer["data"]) for answer in answers) == ['{"sendResults": true}'] + ["{}"] * 19
    counts = [len(screen.messages) for screen in screens]
    assert counts == {"alice": [1, 0, 0], GUEST: [0, 0, 1], None: [1, 1, 1]}[name]
    assert Message.objects.count() == Event.objects.filter(kind="msg").count() == (0 if name == GUEST else 1)
