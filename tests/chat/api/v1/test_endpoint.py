"""All calls share authentication, parsing, errors and headers."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from accounts.models import App
from chat import selectors
from chat.selectors import presence
from tests.chat.api.v1.conftest import Caller

pytestmark = pytest.mark.django_db


def test_a_service_sends_to_a_channel(bot: Caller, web: App) -> None:
    room = str(selectors.global_channel(web).pk)
    reply = bot.post("messages/", {"to": {"channel": room}, "msg": "hello"})
    assert reply.status == 201
    (sent,) = reply.data["messages"]
    assert (sent["target"], sent["seq"]) == (room, 1)
    assert int(reply.headers["RateLimit-Remaining"]) <= int(reply.headers["RateLimit-Limit"])


def test_a_call_without_a_token_is_refused(web: App) -> None:
    reply = Caller(None).post("messages/", {"to": {"channel": "1"}, "msg": "hello"})
    assert (reply.status, reply.code) == (401, 1000)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_an_unknown_path_is_a_problem(bot: Caller) -> None:
    assert bot.get("nowhere/").status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"to": 5}', b"\xff", b'{"to":' * 50_000, '{"to": {}, "msg": 1}'])
def test_an_invalid_body_is_refused(bot: Caller, body: bytes) -> None:
    assert (bot("POST", "messages/", body)).status == 400


def test_a_form_is_refused(bot: Caller) -> None:
    assert bot("POST", "messages/", b"a=1", Content_Type="application/x-www-form-urlencoded").status == 415


@pytest.mark.parametrize(
    ("fault", "status"), [(OperationalError("no room"), 503), (TimeoutError(), 503), (RuntimeError("a secret"), 500)]
)
def test_a_server_error_reveals_no_details(
    fault: Exception, status: int, bot: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise fault

    monkeypatch.setattr(presence, "online_counts", fail)
    reply = bot.get("apps/")
    assert (reply.status, reply.code, reply.data["reason"]) == (status, 1004, "internal_error")
    assert reply.data["detail"] == "Something went wrong on our side. Try again."
    assert (status == 503) == ("Retry-After" in reply.headers)


def test_a_too_large_body_is_refused(bot: Caller, settings: Settings) -> None:
    settings.IM_API_MAX_BODY_BYTES = 100
    reply = bot.post("messages/", {"to": {"user": "alice"}, "msg": "x" * 100})
    assert (reply.status, reply.data["limit"]) == (413, 100)


def test_answers_are_not_cached(bot: Caller) -> None:
    assert bot.get("apps/").headers["Cache-Control"] == "no-store"
