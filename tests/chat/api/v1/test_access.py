"""Calls need a valid token with the permission; a cookie, an open network or a page of another origin is not enough."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import token_issue, token_revoke, user_deactivate
from accounts.models import User
from accounts.selectors.users import user_by_token
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

pytestmark = pytest.mark.django_db

CALLS = {
    "POST messages/": "use_gateway",
    "POST messages/bulk/": "use_gateway",
    "GET messages/1/": "view_message",
    "PATCH messages/1/": "change_message",
    "DELETE messages/1/": "delete_message",
    "GET messages/1/status/": "use_gateway",
    "POST presence/query/": "use_gateway",
    "GET presence/alice/": "use_gateway",
    "GET apps/": "use_gateway",
    "GET apps/101/online/": "use_gateway",
    "GET nodes/": "view_state",
}
each_call = pytest.mark.parametrize("call", CALLS)


def status(caller: Caller, call: str) -> int:
    return caller(*call.split(), {}).status


@each_call
def test_a_token_is_refused_calls_without_their_permission_only(call: str, shop: User, grant: Grant) -> None:
    others = {right for right in CALLS.values() if right != CALLS[call]}
    reply = Caller(grant(shop, *others))(*call.split(), {})
    assert (reply.status, reply.code) == (403, 1003)
    assert (reply.data["reason"], reply.data["permission"]) == ("permission_required", f"chat.{CALLS[call]}")
    assert status(Caller(grant(shop, CALLS[call])), call) in (200, 400, 404)


@each_call
@pytest.mark.parametrize(
    "credential", [None, "Token wrong", "Token", "Bearer ", "Bearer a b", "Basic eDp5", "Token \xff"]
)
def test_calls_without_a_valid_token_are_refused_on_loopback_too(call: str, credential: str | None) -> None:
    assert status(Caller(credential), call) == 401


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "bearer", "TOKEN"])
def test_both_authorization_schemes_are_accepted(scheme: str, shop: User, grant: Grant) -> None:
    token = grant(shop, "use_gateway").split()[1]
    assert Caller(f"{scheme} {token}").get("apps/").status == 200


def test_a_revoked_token_is_refused_at_the_next_call_and_others_still_work(shop: User, grant: Grant) -> None:
    first, second = Caller(grant(shop, "use_gateway")), Caller(f"Token {token_issue(user=shop)}")
    known = user_by_token(first._headers["Authorization"].split()[1])
    assert known is not None and first.get("apps/").status == 200
    token_revoke(user_id=shop.pk, credential=known[1])
    assert (first.get("apps/").status, second.get("apps/").status) == (401, 200)


def test_a_service_that_was_deactivated_is_refused(bot: Caller, shop: User) -> None:
    user_deactivate(user_id=shop.pk)
    assert bot.get("apps/").status == 401


def test_a_removed_permission_takes_effect_at_the_next_call(bot: Caller, shop: User) -> None:
    shop.user_permissions.clear()
    assert bot.get("apps/").status == 403


def test_a_browser_session_is_ignored(alice: User, grant: Grant) -> None:
    grant(alice, "use_gateway")
    client = Client()
    client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/apps/").status_code == 401


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "https://testserver", ""])
def test_a_page_of_another_origin_is_refused_with_a_token_too(origin: str, bot: Caller) -> None:
    assert bot.get("apps/", Origin=origin).status == 403


def test_a_page_of_an_allowed_origin_may_call_and_read_the_headers(bot: Caller, settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = ("https://friend.example",)
    reply = bot.get("apps/", Origin="https://friend.example")
    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "https://friend.example"
    assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]
    asked = bot("OPTIONS", "messages/", Origin="https://friend.example")
    assert asked.status == 204 and "idempotency-key" in asked.headers["Access-Control-Allow-Headers"]


def test_another_method_is_answered_with_the_allowed_ones(bot: Caller) -> None:
    reply = bot("PUT", "messages/")
    assert (reply.status, reply.code) == (405, 1010)
    assert "POST" in reply.headers["Allow"]


@pytest.mark.parametrize("call", [call for call in CALLS if call.startswith("GET")])
def test_a_head_request_needs_what_a_get_needs(call: str, shop: User, grant: Grant) -> None:
    """The length of its answer would tell what the body may not."""
    path = call.split()[1]
    assert Client().head(f"/api/v1/{path}").status_code == 401
    assert Client(headers={"Authorization": grant(shop)}).head(f"/api/v1/{path}").status_code == 403


def test_an_uploaded_file_is_refused(bot: Caller) -> None:
    client = Client(headers=bot._headers)
    reply = client.post("/api/v1/messages/", {"file": SimpleUploadedFile("x", b"x")})
    assert reply.status_code == 415
