"""Legacy calls list online users and their apps."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import guest_create
from accounts.models import App, User
from chat.selectors import presence as online
from delivery.event_loop import run_blocking
from tests.chat.api.conftest import LiveHub, get
from tests.chat.api.legacy.calls import GUEST


def test_the_list_names_every_user_on_the_app(
    program: Client, live_hub: LiveHub, alice: User, web: App, ios: App
) -> None:
    for user, app in [(alice, web), (alice, web), (guest_create(name=GUEST), web), (guest_create(name="马远"), ios)]:
        live_hub.log_in(user, app)
    assert get(program, "/user/list", appID="101") == {
        "code": 200,
        "msg": "Success",
        "data": {"userList": ["alice", GUEST], "userCount": 2},
    }
    assert get(program, "/user/list", appId="102")["data"] == {"userList": ["马远"], "userCount": 1}


def test_two_guests_with_one_name_are_listed_twice(program: Client, live_hub: LiveHub, web: App) -> None:
    for _ in range(2):
        live_hub.log_in(guest_create(name=GUEST), web)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [GUEST, GUEST], "userCount": 2}


def test_a_user_who_hides_presence_is_not_listed(program: Client, live_hub: LiveHub, alice: User, web: App) -> None:
    live_hub.log_in(alice, web)
    live_hub.log_in(guest_create(name=GUEST), web)
    User.objects.filter(pk=alice.pk).update(shares_presence=False)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [GUEST], "userCount": 1}
    for name in ("alice", "ALICE"):
        assert get(program, "/user/online", userID=name)["data"] == {"userID": name, "online": False}
    assert run_blocking(online.online_by_name(["alice", GUEST])) == {"alice": False, GUEST: True}
    assert list(online.online_users_page(web, after=0, limit=1)[0].values()) == [GUEST]


def test_a_disconnected_user_is_not_listed(program: Client, live_hub: LiveHub, alice: User, web: App) -> None:
    screen = live_hub.log_in(alice, web)
    assert get(program, "/user/online", userID="alice")["data"] == {"userID": "alice", "online": True}
    live_hub.log_out(screen)
    assert get(program, "/user/list", appID="101")["data"] == {"userList": [], "userCount": 0}
    assert get(program, "/user/online", userID="alice")["data"] == {"userID": "alice", "online": False}


@pytest.mark.parametrize(
    ("fields", "online"),
    [({}, True), ({"appID": "0"}, True), ({"appID": "101"}, True), ({"appId": "102"}, False), ({"appID": ""}, True)],
)
@pytest.mark.parametrize("name", ["alice", GUEST])
@pytest.mark.usefixtures("ios")
def test_a_user_is_online_on_one_app_or_on_any(
    name: str, fields: dict[str, str], online: bool, program: Client, live_hub: LiveHub, alice: User, web: App
) -> None:
    live_hub.log_in(alice, web)
    live_hub.log_in(guest_create(name=GUEST), web)
    assert get(program, "/user/online", userId=name, **fields)["data"] == {"userID": name, "online": online}


def test_an_account_is_found_by_any_spelling_of_its_name(
    program: Client, live_hub: LiveHub, alice: User, web: App
) -> None:
    live_hub.log_in(alice, web)
    assert get(program, "/user/online", userID="ＡＬＩＣＥ")["data"] == {"userID": "ＡＬＩＣＥ", "online": True}


@pytest.mark.usefixtures("web", "alice")
def test_a_process_without_connections_lists_no_users() -> None:
    assert get(Client(), "/user/list", appID="101")["data"] == {"userList": [], "userCount": 0}
    assert get(Client(), "/user/online", userID="alice")["data"]["online"] is False
