"""Legacy calls of protobuf clients: `/register`, `/login`, `/friend/add`, `/group/create`, `/group_user/list`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import Settings
from django.test import Client

from accounts.models import Friendship, User
from accounts.selectors.users import user_by_token
from chat.models import Channel, Membership
from delivery.models import Event

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


def post(path: str, token: str | None = None, **fields: object) -> dict[str, Any]:
    headers = {} if token is None else {"token": token}
    response = Client().post(path, urlencode(fields, doseq=True), FORM, headers=headers)
    assert response.status_code == 200
    content: dict[str, Any] = response.json()
    assert set(content) == {"code", "msg", "data"}
    return content


def register(phone: str, nickname: str = "Nick", password: str = "123") -> dict[str, Any]:
    data: dict[str, Any] = post("/register", phone_number=phone, nickname=nickname, password=password)["data"]
    return data


def members(token: str | None, group: object) -> dict[str, Any]:
    response = Client().get("/group_user/list", {"group_id": group}, headers={"token": token} if token else {})
    content: dict[str, Any] = response.json()
    return content


# -- /register and /login ---------------------------------------------------------------------------------------------


def test_a_registration_returns_a_token_and_an_id() -> None:
    made, other = register("+86 100", "马远"), register("+86 101", "马远")
    user = User.objects.get(pk=made["id"])
    assert isinstance(made["id"], str) and made["id"] != other["id"]
    assert (user.nickname, user.phone_number, user.kind) == ("马远", "+86 100", "person")
    assert (user_by_token(made["token"]) or [None])[0] == user


@pytest.mark.parametrize(
    "fields",
    [
        {"phone_number": "", "nickname": "a", "password": "123"},
        {"phone_number": "1" * 21, "nickname": "a", "password": "123"},
        {"phone_number": "taken", "nickname": "a", "password": "123"},
        {"phone_number": "1", "nickname": "a", "password": "12"},
        {"phone_number": "1", "nickname": "a\u202eb", "password": "123"},
        {"nickname": "a", "password": "123"},
        {"phone_number": "1", "nickname": "a"},
    ],
)
def test_an_invalid_registration_is_refused_with_a_reason(fields: dict[str, str]) -> None:
    register("taken")
    refusal = post("/register", **fields)
    assert (refusal["code"], refusal["data"]) == (-1, {}) and refusal["msg"]
    assert User.objects.count() == 1


def test_registration_can_be_closed(settings: Settings) -> None:
    settings.IM_REGISTRATION = False  # type: ignore[attr-defined]
    assert post("/register", phone_number="1", nickname="a", password="123")["code"] == -1


def test_alice_logs_in_by_number_and_password() -> None:
    made = register("100")
    reply = post("/login", phone_number="100", password="123")
    assert (reply["code"], reply["data"]["user_id"]) == (200, made["id"])
    assert reply["data"]["token"] != made["token"]


def test_a_wrong_password_and_an_unknown_number_are_answered_alike() -> None:
    register("100")
    wrong = post("/login", phone_number="100", password="1234")
    assert wrong["code"] == -1
    for number in ("101", "\0", ""):
        assert wrong == post("/login", phone_number=number, password="123")


def test_deactivated_users_cannot_log_in() -> None:
    made = register("100")
    User.objects.filter(pk=made["id"]).update(is_active=False)
    assert post("/login", phone_number="100", password="123")["code"] == -1


def test_too_many_wrong_passwords_lock_the_number(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3  # type: ignore[misc]
    register("100")
    for _ in range(3):
        assert post("/login", phone_number="100", password="x")["code"] == -1
    assert post("/login", phone_number="100", password="123")["code"] == -1


def test_a_password_in_the_url_is_ignored() -> None:
    register("100")
    assert post("/login?phone_number=100&password=123")["code"] == -1


# -- /friend/add ------------------------------------------------------------------------------------------------------


def test_mutual_friend_requests_make_alice_and_bob_friends() -> None:
    alice, bob = register("1"), register("2")
    assert post("/friend/add", alice["token"], friend_id=bob["id"])["code"] == 200
    assert not Friendship.objects.get().accepted
    assert post("/friend/add", bob["token"], friend_id=alice["id"])["code"] == 200
    assert Friendship.objects.get().accepted
    kinds = list(Event.objects.order_by("position").values_list("kind", flat=True))
    assert kinds == ["friend.requested", "friend.accepted"]


def test_repeated_own_and_unknown_friend_requests_are_refused() -> None:
    alice, bob = register("1"), register("2")
    post("/friend/add", alice["token"], friend_id=bob["id"])
    for friend in (bob["id"], alice["id"], "999999", "", "x", "-1", "9" * 30):
        assert post("/friend/add", alice["token"], friend_id=friend)["code"] == -1
    post("/friend/add", bob["token"], friend_id=alice["id"])
    assert post("/friend/add", bob["token"], friend_id=alice["id"])["code"] == -1
    assert Event.objects.count() == 2


# -- groups -----------------------------------------------------------------------------------------------------------


def test_a_new_group_is_closed_and_ignores_invalid_and_repeated_members() -> None:
    alice, bob, carol = register("1"), register("2"), register("3")
    ids = [bob["id"], bob["id"], alice["id"], "999999", "x", "9" * 30, carol["id"]]
    made = post("/group/create", alice["token"], name="Painters", ids=ids)
    group = Channel.objects.get(pk=made["data"]["id"])
    assert (group.name, group.join, group.listed) == ("Painters", "closed", False)
    assert members(bob["token"], group.pk)["data"] == {"ids": [alice["id"], bob["id"], carol["id"]]}
    assert Membership.objects.get(user=alice["id"]).role == "owner"


def test_a_call_without_a_form_names_the_missing_fields() -> None:
    alice = register("1")
    reply = Client().post("/group/create", b"", "", headers={"token": alice["token"]})
    assert reply.json() == {"code": -1, "msg": "Give the group a name or members.", "data": {}}


def test_a_stranger_cannot_distinguish_a_group_from_a_missing_one() -> None:
    alice, bob = register("1"), register("2")
    group = post("/group/create", alice["token"], name="Painters")["data"]["id"]
    assert members(bob["token"], group) == members(bob["token"], 999999)
    assert members(bob["token"], group)["code"] == -1
    assert members(alice["token"], "x")["code"] == -1


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_calls_without_a_valid_token_have_no_effect(token: str | None) -> None:
    alice, bob = register("1"), register("2")
    group = post("/group/create", alice["token"], name="Painters")["data"]["id"]
    assert post("/friend/add", token, friend_id=bob["id"])["code"] == -1
    assert post("/group/create", token, name="Others")["code"] == -1
    assert members(token, group)["code"] == -1
    assert (Channel.objects.count(), Friendship.objects.count()) == (1, 0)


@pytest.mark.parametrize("path", ["/register", "/login", "/friend/add", "/group/create", "/group_user/list"])
def test_a_page_of_another_origin_may_not_call(path: str) -> None:
    ask = Client().get if path == "/group_user/list" else Client().post
    response = ask(path, headers={"Origin": "https://elsewhere.example"})
    assert (response.status_code, response.json()["code"]) == (200, -1)
