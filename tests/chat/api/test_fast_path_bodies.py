"""A caller without a right cannot make the site hold a body: the fast path reads it once the caller is admitted."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from accounts.actions import token_issue
from accounts.models import User
from imsite.server.fast_path import CALLS, FastPath
from tests.chat.api.conftest import Grant, LiveHub
from tests.support.asgi_calls import Request
from tests.support.shared_site import SharedSite

STRANGER = "203.0.113.9"
POSTS = [call for call in CALLS if call.method == "POST"]
LARGE = 8 * 2**20
Events = list[dict[str, Any]]


async def _left_to_django(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the fast path leaves this to Django")


async def _call(request: Request, *parts: dict[str, Any]) -> tuple[Events, int]:
    """Return the events of the answer, and how many of these parts of the body were read."""
    events: Events = []
    unread = list(parts)

    async def receive() -> dict[str, Any]:
        return unread.pop(0)

    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    await FastPath(_left_to_django)(request.scope(), receive, send)
    return events, len(parts) - len(unread)


def _post(path: str, *, takes_form: bool, token: str = "") -> Request:
    kind = "application/x-www-form-urlencoded" if takes_form else "application/json"
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    headers = {"Content-Type": kind, "Content-Length": "4096", **authorization}
    return Request(path, "POST", headers=headers, address=STRANGER)


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize("call", POSTS, ids=lambda call: call.path)
def test_the_body_of_an_unknown_caller_is_not_read(live_hub: LiveHub, call: Any, token: str) -> None:
    part = {"type": "http.request", "body": b"x" * 4096, "more_body": False}
    events, read = live_hub.call(_call(_post(call.path, takes_form=call.takes_form, token=token), part))
    assert read == 0
    assert events[0]["status"] in (200, 401)
    assert json.loads(events[1]["body"])["code" if call.takes_form else "status"] != 200


@pytest.mark.parametrize("call", POSTS, ids=lambda call: call.path)
def test_a_caller_that_disconnects_in_its_body_changes_nothing(
    live_hub: LiveHub, shop: User, grant: Grant, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    grant(shop, "use_gateway")
    request = _post(call.path, takes_form=call.takes_form, token=token_issue(user=shop))
    parts = ({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})
    events, read = live_hub.call(_call(request, *parts))
    assert read == 2
    assert events[0]["status"] == 400
    assert not caplog.records


async def test_a_connection_goes_on_after_a_large_body_that_was_not_read(shared_site: SharedSite) -> None:
    async with httpx.AsyncClient(base_url=shared_site.site.url, limits=httpx.Limits(max_connections=1)) as client:
        for _ in range(3):
            headers = {"Authorization": "Bearer wrong", "Content-Type": "application/json"}
            response = await client.post("/api/v1/messages/bulk/", content=b"[" * LARGE, headers=headers)
            assert response.status_code == 401
            assert (await client.get("/healthz")).status_code == 200
