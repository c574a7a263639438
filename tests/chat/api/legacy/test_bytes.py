"""Legacy calls answer with the bytes that their clients have always received."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.actions import friend_request, guest_create, token_issue
from accounts.models import App, User
from chat.models import Channel
from tests.chat.api.conftest import FORM, LiveHub
from tests.chat.api.legacy.calls import GUEST
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.usefixtures("web"), each_way]

SEND = {"appID": "101", "userID": "alice", "msgID": "m1", "message": "hello"}
NO_USERS = '"data":{"userList":[],"userCount":0}'
BAD_FORM = "Give parameters in the query or as application/x-www-form-urlencoded."
HIDDEN = "A name must not contain invisible or control characters."


def _refused(code: int, msg: str, error: str, rest: str = "") -> str:
    return f'{{"code":{code},"msg":"{msg}","data":{{"error":"{error}"{rest}}}}}'


def _illegal(error: str, rest: str = "") -> str:
    return _refused(1001, "Illegal parameter", error, rest)


def _bad_name(error: str) -> str:
    return _refused(1002, "Illegal user id", error)


def _failed(sentence: str) -> str:
    return f'{{"code":-1,"msg":"{sentence}","data":{{}}}}'


def _body(method: str, path: str, fields: dict[str, str], **headers: str) -> str:
    """Make the call and return the body of its answer."""
    if method == "GET":
        response = Client().get(path, fields, headers=headers)
    else:
        response = Client().generic(method, path, urlencode(fields), FORM, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response["Cache-Control"] == "no-store"
    body: str = response.content.decode()
    return body


@pytest.mark.parametrize("path", ["/user/sendMessage", "/user/sendMessageAll"])
@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({"message": ""}, _illegal("A message must not be empty.", ',"field":"msg"')),
        ({"message": "\u2800"}, _illegal("A message must not be empty.", ',"field":"msg"')),
        ({"message": "a\0b"}, _illegal("A message must not contain the NUL character.", ',"field":"msg"')),
        (
            {"message": "x" * 8001},
            _refused(1011, "Too much", "A message has at most 8000 characters.", ',"limit":8000'),
        ),
        (
            {"message": "x" * 120_000},
            _refused(1011, "Too much", "A form has at most 112384 bytes.", ',"limit":112384'),
        ),
        ({"msgID": ""}, _illegal("msgID has 1 to 200 printable characters.", ',"field":"msgID"')),
        ({"appID": "web"}, _illegal("appID is a number.", ',"field":"appID"')),
        ({"appID": "0101"}, _illegal("appID is a number.", ',"field":"appID"')),
        ({"appID": "999"}, _refused(1003, "Not authorised", "There is no such app.")),
        ({"userID": ""}, _bad_name("A name must not be empty.")),
        ({"userID": " alice"}, _bad_name("A name must not begin or end with a blank.")),
        ({"userID": "ali\u202ece"}, _bad_name(HIDDEN)),
        ({"userID": "x" * 65}, _bad_name("A name has at most 64 characters.")),
        ({"userID": "a" + "\u0301" * 9}, _bad_name("A name must not pile up combining marks.")),
        ({"userID": "\ufdfa" * 64}, _bad_name("A name has at most 256 characters.")),
    ],
)
def test_a_send_is_refused_in_the_original_bytes(path: str, change: dict[str, str], body: str) -> None:
    assert _body("POST", path, SEND | change) == body


@pytest.mark.parametrize(
    ("method", "path", "fields", "body"),
    [
        ("GET", "/user/list", {"appID": "101"}, f'{{"code":200,"msg":"Success",{NO_USERS}}}'),
        ("GET", "/user/list", {}, _illegal("appID is missing.", ',"field":"appID"')),
        ("GET", "/user/list", {"appID": "0"}, _illegal("appID is missing.", ',"field":"appID"')),
        ("GET", "/user/list", {f"p{number}": "" for number in range(2000)}, _illegal("Too many parameters.")),
        ("POST", "/user/list", {}, _refused(1010, "No such command", "Call this by GET or HEAD or OPTIONS.")),
        (
            "GET",
            "/user/online",
            {"userID": "夏圭？"},
            '{"code":200,"msg":"Success","data":{"userID":"夏圭？","online":false}}',
        ),
        ("GET", "/user/online", {}, _bad_name("A name must not be empty.")),
        ("GET", "/user/sendMessage", {}, _refused(1010, "No such command", "Call this by POST or OPTIONS.")),
        ("POST", "/user/sendMessage", SEND, '{"code":200,"msg":"Success","data":{"sendResults":false}}'),
        ("POST", "/user/sendMessageAll", SEND, '{"code":200,"msg":"Success","data":{"sendResults":true}}'),
        (
            "POST",
            "/user/sendMessage",
            SEND | {"userID": "system"},
            _illegal("A private channel is with somebody else.", ',"field":"members"'),
        ),
    ],
)
@pytest.mark.usefixtures("system", "alice")
def test_a_call_of_another_system_is_answered_in_the_original_bytes(
    method: str, path: str, fields: dict[str, str], body: str
) -> None:
    assert _body(method, path, fields) == body


@pytest.fixture
def system(db: None) -> User:
    return User.objects.create_user("system", kind=User.Kind.SERVICE)


@pytest.mark.usefixtures("alice")
def test_a_repeat_has_empty_data() -> None:
    _body("POST", "/user/sendMessage", SEND)
    assert _body("POST", "/user/sendMessage", SEND) == '{"code":200,"msg":"Success","data":{}}'


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Origin": "https://elsewhere.example"}, "Pages of this origin may not call."),
        ({"Authorization": "Bearer wrong"}, "This token is not valid."),
        ({"Authorization": "Bearer"}, "The header is: Authorization: Bearer <token>."),
        ({"X-Forwarded-For": "192.0.2.9"}, "This call needs an API token with the right permission."),
    ],
)
def test_a_caller_without_the_right_is_refused_in_the_original_bytes(headers: dict[str, str], error: str) -> None:
    for path in ("/user/list", "/system/state"):
        assert _body("GET", path, {"appID": "101"}, **headers) == _refused(1003, "Not authorised", error)


def test_a_body_that_is_no_form_is_refused_in_the_original_bytes() -> None:
    assert Client().post("/user/sendMessage", b"{}", "application/json").content.decode() == _illegal(BAD_FORM)
    assert Client().post("/register", b"{}", "application/json").content.decode() == _failed(BAD_FORM)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (
            {"slow_mode": 600},
            "One message every 600 seconds, please: this channel is in slow mode.",
        ),
        ({"announcements_only": True}, "Only owners and admins write in this channel."),
        ({"closed": True}, "This channel is closed."),
    ],
)
def test_a_channel_refuses_a_guest_in_the_original_words(
    change: dict[str, object], body: str, live_hub: LiveHub, web: App
) -> None:
    live_hub.log_in(guest_create(name=GUEST), web)
    fields = SEND | {"userID": GUEST}
    _body("POST", "/user/sendMessageAll", fields | {"msgID": "m0"})
    Channel.objects.filter(app=web).update(**change)
    assert f'"data":{{"error":"{body}"' in _body("POST", "/user/sendMessageAll", fields)


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("/friend/add", {"friend_id": "{own}"}, "Nobody is a friend of themselves."),
        ("/friend/add", {"friend_id": "{bob}"}, "You have asked already."),
        ("/friend/add", {"friend_id": "999999"}, "There is no such person."),
        ("/friend/add", {"friend_id": "007"}, "There is no such id."),
        ("/friend/add", {}, "There is no such id."),
        ("/group/create", {}, "Give the group a name or members."),
        ("/group/create", {"name": "x" * 65}, "A name has at most 64 characters."),
        ("/group/create", {"name": "  "}, "A name must not be empty."),
        ("/group/create", {"name": "a\u202eb"}, HIDDEN),
        ("/group_user/list", {"group_id": "999999"}, "There is no such channel."),
        ("/group_user/list", {"group_id": "x"}, "There is no such id."),
        ("/register", {}, "A phone number has 1 to 20 visible characters."),
        ("/register", {"phone_number": "1", "nickname": "admin", "password": "1234"}, "This name is reserved."),
        ("/register", {"phone_number": "1", "nickname": " x", "password": "1234"},
         "A name must not begin or end with a blank."),
        ("/register", {"phone_number": "1", "nickname": "x", "password": "12\x003"},
         "This password contains a character that cannot be typed."),
        ("/login", {"phone_number": "1", "password": "1234"},
         "The number and the password do not belong together."),
    ],
)  # fmt: skip
def test_a_client_of_ws_is_refused_in_the_original_bytes(
    path: str, fields: dict[str, str], sentence: str, alice: User, bob: User
) -> None:
    friend_request(user=alice, other_id=bob.pk)
    ids = {name: value.format(own=alice.pk, bob=bob.pk) for name, value in fields.items()}
    method = "GET" if path == "/group_user/list" else "POST"
    assert _body(method, path, ids, token=token_issue(user=alice)) == _failed(sentence)


def test_a_password_is_refused_in_the_original_words_in_chinese() -> None:
    fields = {"phone_number": "1", "nickname": "x", "password": "12\x003"}
    body = _body("POST", "/register", fields, **{"Accept-Language": "zh-CN"})
    assert body == _failed("密码中含有无法输入的字符。")


@pytest.mark.parametrize(
    ("token", "sentence"),
    [("", "This call needs a token."), ("wrong", "This token is not valid.")],
)
def test_a_client_of_ws_needs_a_token(token: str, sentence: str) -> None:
    assert _body("POST", "/friend/add", {"friend_id": "1"}, token=token) == _failed(sentence)


def test_a_guest_makes_no_group() -> None:
    token = token_issue(user=guest_create(name=GUEST))
    sentence = "Guests write in their app's room only. Register to do more."
    assert _body("POST", "/group/create", {"name": "x"}, token=token) == _failed(sentence)


def test_successes_of_clients_of_ws_have_the_original_bytes(alice: User, bob: User) -> None:
    token = token_issue(user=alice)
    assert _body("POST", "/friend/add", {"friend_id": str(bob.pk)}, token=token) == (
        '{"code":200,"msg":"Success","data":{}}'
    )
    made = _body("POST", "/group/create", {"name": "x"}, token=token)
    group = Channel.objects.get(kind=Channel.Kind.PUBLIC).pk
    assert made == f'{{"code":200,"msg":"Success","data":{{"id":"{group}"}}}}'
    members = _body("GET", "/group_user/list", {"group_id": str(group)}, token=token)
    assert members == f'{{"code":200,"msg":"Success","data":{{"ids":["{alice.pk}"]}}}}'
