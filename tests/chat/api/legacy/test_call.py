"""Every legacy call is answered with HTTP 200 and a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import App, User
from chat.api.common.throttles import throttles
from chat.models import Message
from tests.chat.api.conftest import FORM, Grant, answer, get, post
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.usefixtures("web", "alice"), each_way]

SEND = {"appID": "101", "userID": "alice", "msgID": "m1", "message": "hello"}
SENDS = ["/user/sendMessage", "/user/sendMessageAll"]
READS = {"/user/list": {"appID": "101"}, "/user/online": {"userID": "alice"}}


@pytest.mark.parametrize("path", SENDS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message": ""}, 1001),
        ({"message": " \n"}, 1001),
        ({"message": "\u2800\u00ad"}, 1001),
        ({"message": "a\0b"}, 1001),
        ({"message": "x" * 8001}, 1011),
        ({"msgID": ""}, 1001),
        ({"msgID": "x" * 201}, 1001),
        ({"msgID": "a\nb"}, 1001),
        ({"userID": ""}, 1002),
        ({"userID": " alice"}, 1002),
        ({"userID": "ali\u202ece"}, 1002),
        ({"userID": "a\0"}, 1002),
        ({"userID": "x" * 65}, 1002),
        ({"appID": "web"}, 1001),
        ({"appID": "-1"}, 1001),
        ({"appID": "0101"}, 1001),
        ({"appID": "१०१"}, 1001),
        ({"appID": "9" * 30}, 1001),
        ({"appID": "999"}, 1003),
        ({"appID": "105"}, 1003),
    ],
)
def test_an_invalid_send_is_refused(path: str, change: dict[str, str], code: int, old: App) -> None:
    reply = post(Client(), path, **SEND | change)
    assert reply["code"] == code
    assert reply.keys() == {"code", "msg", "data"}
    assert reply["data"]["error"] and reply["data"].keys() <= {"error", "field", "limit"}
    assert not Message.objects.exists()


@pytest.mark.parametrize("path", SENDS)
@pytest.mark.parametrize("missing", ["userID", "msgID", "message"])
def test_a_missing_parameter_is_like_an_empty_one(path: str, missing: str) -> None:
    fields = {name: value for name, value in SEND.items() if name != missing}
    assert post(Client(), path, **fields)["code"] == (1002 if missing == "userID" else 1001)


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/user/list", {}, 1001),
        ("/user/list", {"appID": "0"}, 1001),
        ("/user/list", {"appID": "x"}, 1001),
        ("/user/list", {"appID": "999"}, 1003),
        ("/user/list", {"appID": "105"}, 1003),
        ("/user/online", {}, 1002),
        ("/user/online", {"userID": "alice", "appID": "999"}, 1003),
    ],
)
def test_an_invalid_query_is_refused(path: str, fields: dict[str, str], code: int, old: App) -> None:
    assert get(Client(), path, **fields)["code"] == code


@pytest.mark.parametrize("path", SENDS)
def test_parameters_are_read_from_form_and_query_in_both_spellings(path: str) -> None:
    others = {name.replace("ID", "Id"): value for name, value in SEND.items()}
    query = "&".join(f"{name}={quote(value)}" for name, value in others.items())
    assert answer(Client().post(f"{path}?{query}", "", FORM))["code"] == 200
    assert post(Client(), f"{path}?msgID=m1", **others | {"msgId": "m2", "message": "夏圭？ + & ="})["code"] == 200
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["hello", "夏圭？ + & ="]


def test_invalid_utf_8_is_replaced() -> None:
    body = b"userID=alice&msgID=m1&message=%ff%ed%a0%80!"
    assert answer(Client().post("/user/sendMessage", body, FORM))["code"] == 200
    assert Message.objects.get().text.endswith("!")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", "x"])
def test_a_body_that_is_not_a_form_is_refused(content_type: str) -> None:
    assert answer(Client().post("/user/sendMessage", b"{}", content_type))["code"] == 1001


def test_an_endless_form_is_refused(settings: Settings) -> None:
    settings.IM_MESSAGE_MAX_LENGTH = 10
    reply = post(Client(), "/user/sendMessage", **SEND | {"message": "x" * 20_000})
    assert reply["code"] == 1011
    assert 10 < reply["data"]["limit"] < 20_000


def test_the_longest_message_fits_into_a_form(settings: Settings) -> None:
    reply = post(Client(), "/user/sendMessage", **SEND | {"message": "😀" * settings.IM_MESSAGE_MAX_LENGTH})
    assert reply["code"] == 200


def test_too_many_parameters_are_refused() -> None:
    many = "&".join(f"p{number}=1" for number in range(2000))
    assert answer(Client().get(f"/user/list?{many}"))["code"] == 1001
    assert answer(Client().post("/user/sendMessage", many, FORM))["code"] == 1001


@pytest.mark.parametrize(("method", "path"), [("get", SENDS[0]), ("put", SENDS[0]), ("post", "/user/list")])
def test_another_method_is_answered_as_an_unknown_command(method: str, path: str) -> None:
    assert answer(getattr(Client(), method)(path))["code"] == 1010


@pytest.mark.parametrize("accept", ["text/html", "text/plain", "image/*", "garbage", ""])
def test_the_answer_is_json_for_any_accept_header(accept: str) -> None:
    response = Client().get("/user/list", {"appID": "101", "format": "html"}, headers={"Accept": accept})
    assert answer(response)["code"] == 200
    assert response["Content-Type"] == "application/json"


@pytest.fixture
def broken_database() -> Callable[..., Any]:
    """Let every statement of this kind fail inside the context."""

    def broken(kind: str) -> Any:
        def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            if sql.startswith(kind):
                raise OperationalError("the disk is gone")
            return execute(sql, *args)

        return connection.execute_wrapper(fail)

    return broken


@pytest.mark.parametrize("path", SENDS)
@pytest.mark.parametrize("kind", ["SELECT", "INSERT"])
def test_a_send_that_the_database_rejects_is_answered_as_not_stored(
    path: str, kind: str, broken_database: Callable[..., Any]
) -> None:
    with broken_database(kind):
        reply = post(Client(), path, **SEND)
    assert (reply["code"], reply["msg"]) == (1008, "Could not store")
    assert post(Client(), path, **SEND)["data"] != {}, "the same msgID is still free"


@pytest.mark.parametrize("path", READS)
def test_a_query_that_the_database_fails_is_a_server_error(path: str, broken_database: Callable[..., Any]) -> None:
    with broken_database("SELECT"):
        assert get(Client(), path, **READS[path])["code"] == 1004


def test_an_exception_is_a_server_error_without_its_text(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("chat.selectors.legacy_presence.is_online", fail)
    reply = get(Client(), "/user/online", userID="alice")
    assert reply["code"] == 1004
    assert "secret" not in str(reply)


def test_calls_of_a_token_are_rate_limited(shop: User, grant: Grant, settings: Settings) -> None:
    settings.IM_API_RATE, settings.IM_API_BURST = 0.001, 1
    throttles.reset()
    headers = {"Authorization": grant(shop, "use_gateway")}
    try:
        replies = [Client().get("/user/list", READS["/user/list"], headers=headers) for _ in range(2)]
        assert [answer(reply)["code"] for reply in replies] == [200, 1011]
        assert int(replies[1].headers["Retry-After"]) >= 900
        # Programs in an open network need no token.
        assert [get(Client(), "/user/list", appID="101")["code"] for _ in range(2)] == [200, 200]
    finally:
        throttles.reset()
