"""Sends are answered on the event loop, also where its cached look-ups are outdated."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from accounts.caches import invalidation
from accounts.models import App, User
from chat.models import Channel, Message
from imsite.server.fast_path import FastPath
from tests.chat.api.conftest import FORM, Grant, LiveHub
from tests.support.asgi_calls import Request, ask


async def _left_to_django(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the fast path leaves this to Django")


@pytest.fixture
def fast_path(live_hub: LiveHub, web: App) -> FastPath:
    return FastPath(_left_to_django)


def call(live_hub: LiveHub, fast_path: FastPath, path: str, **fields: str) -> Any:
    """Post a form, or get without fields; return code and data of the answer."""
    body = urlencode(fields).encode()
    form = {"method": "POST", "headers": {"Content-Type": FORM}} if fields else {}
    request = Request(path, body=body, **form)  # type: ignore[arg-type]
    answer = orjson.loads(live_hub.call(ask(fast_path, request)).body)
    return answer["code"], answer["data"]


@pytest.mark.parametrize("path", ["/user/sendMessage", "/user/sendMessageAll"])
def test_a_send_is_not_left_to_django(live_hub: LiveHub, fast_path: FastPath, alice: User, path: str) -> None:
    fields = {"userID": "alice", "appID": "101", "message": "hello", "msgID": "1"}
    assert call(live_hub, fast_path, path, **fields)[0] == 200
    assert call(live_hub, fast_path, path, **fields) == (200, {})
    assert Message.objects.count() == 1


def test_an_account_that_another_process_has_just_created_gets_the_message(
    live_hub: LiveHub, fast_path: FastPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(live_hub, fast_path, "/user/online?userID=dora")[1] == {"userID": "dora", "online": False}
    monkeypatch.setattr(invalidation, "forget_user", lambda user_id, key: None)
    User.objects.create_user("dora")
    assert call(live_hub, fast_path, "/user/sendMessage", userID="dora", message="hello", msgID="1")[0] == 200
    assert Message.objects.get().channel.kind == Channel.Kind.PRIVATE
    assert call(live_hub, fast_path, "/user/sendMessage", userID="dora", message="hello", msgID="1") == (200, {})


def test_all_sends_to_an_account_use_one_private_channel(live_hub: LiveHub, fast_path: FastPath, alice: User) -> None:
    for number in range(3):
        assert call(live_hub, fast_path, "/user/sendMessage", userID="alice", message="x", msgID=str(number))[0] == 200
    assert Channel.objects.filter(kind=Channel.Kind.PRIVATE).count() == 1


@pytest.fixture
def token(shop: User, grant: Grant) -> str:
    return grant(shop, "use_gateway")


def send(live_hub: LiveHub, fast_path: FastPath, token: str, to: dict[str, Any], **headers: str) -> tuple[int, Any]:
    """Send by the REST API; return status and body of the answer."""
    return post(live_hub, fast_path, token, "messages/", {"to": to, "msg": "hello"}, **headers)


def post(
    live_hub: LiveHub, fast_path: FastPath, token: str, path: str, data: dict[str, Any], **headers: str
) -> tuple[int, Any]:
    given = {"Content-Type": "application/json", "Authorization": token, **headers}
    request = Request(f"/api/v1/{path}", method="POST", body=orjson.dumps(data), headers=given)
    answer = live_hub.call(ask(fast_path, request))
    return answer.status, orjson.loads(answer.body)


def test_a_send_by_rest_is_not_left_to_django(
    live_hub: LiveHub, fast_path: FastPath, token: str, alice: User, web: App
) -> None:
    group = Channel.objects.get(app=web).pk
    for to in ({"user": "alice"}, {"user": "alice"}, {"app": 101}, {"channel": str(group)}, {"users": ["alice", "no"]}):
        status, body = send(live_hub, fast_path, token, to)
        assert (status, "id" in body["messages"][0]) == (201, True), to
    assert Message.objects.count() == 5
    first = send(live_hub, fast_path, token, {"user": "alice"}, **{"Idempotency-Key": "one"})
    again = send(live_hub, fast_path, token, {"user": "alice"}, **{"Idempotency-Key": "one"})
    assert (first[0], again[0], first[1]) == (201, 200, again[1])
    assert send(live_hub, fast_path, token, {"user": "no"})[1]["reason"] == "user_not_found"


def bulk(live_hub: LiveHub, fast_path: FastPath, token: str, *to: dict[str, Any]) -> list[int]:
    """Send a message to each of these; return the statuses of the results."""
    messages = [{"to": each, "msg": f"message {number}"} for number, each in enumerate(to)]
    status, body = post(live_hub, fast_path, token, "messages/bulk/", {"messages": messages})
    assert status == 200
    return [result["status"] for result in body["results"]]


def test_a_bulk_send_is_not_left_to_django(
    live_hub: LiveHub, fast_path: FastPath, token: str, alice: User, web: App
) -> None:
    alice_by_name = {"user": "alice"}
    assert bulk(live_hub, fast_path, token, alice_by_name) == [201]
    own = str(Channel.objects.get(kind=Channel.Kind.PRIVATE).pk)
    assert bulk(live_hub, fast_path, token, alice_by_name, {"channel": own}, {"app": 101}, alice_by_name) == [201] * 4
    assert bulk(live_hub, fast_path, token, {"user": "no"}, alice_by_name, {"channel": "99"}, {}) == [
        404,
        201,
        404,
        400,
    ]
    assert bulk(live_hub, fast_path, token, {}) == [400]
    sent = Message.objects.filter(channel=own).order_by("seq").values_list("text", flat=True)
    assert list(sent) == ["message 0", "message 0", "message 1", "message 3", "message 1"]


def test_the_other_messages_of_a_bulk_send_to_a_closed_account_are_stored_once(
    live_hub: LiveHub, fast_path: FastPath, token: str, alice: User, bob: User
) -> None:
    to = ({"user": "bob"}, {"user": "alice"}, {"user": "bob"})
    for _ in range(2):
        assert bulk(live_hub, fast_path, token, *to) == [201] * 3
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert bulk(live_hub, fast_path, token, *to) == [201, 404, 201]
    assert Message.objects.count() == 8


def test_an_account_that_another_process_has_just_closed_is_answered_like_an_unknown_one(
    live_hub: LiveHub, fast_path: FastPath, token: str, alice: User
) -> None:
    assert send(live_hub, fast_path, token, {"user": "alice"})[0] == 201
    assert send(live_hub, fast_path, token, {"user": "alice"})[0] == 201
    assert call(live_hub, fast_path, "/user/sendMessage", userID="alice", message="x", msgID="1")[0] == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)
    status, body = send(live_hub, fast_path, token, {"user": "alice"})
    assert (status, body["reason"]) == (404, "user_not_found")
    answer = call(live_hub, fast_path, "/user/sendMessage", userID="alice", message="x", msgID="2")
    assert answer == (200, {"sendResults": False})
    assert Message.objects.count() == 3
