"""Sends of the older calls are answered on the event loop, also where its cached look-ups are outdated."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from accounts.caches import invalidation
from accounts.models import App, User
from chat.models import Channel, Message
from imsite.server.fast_path import FastPath
from tests.chat.api.conftest import FORM, LiveHub
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
