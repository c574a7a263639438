"""A browser subscribes to notifications with its session, and only to its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.actions import guest_create, token_issue
from accounts.models import User
from accounts.sign_in import record_device
from chat.models import PushNotification, PushSubscription
from chat.push.keys import public_key, push_state_ensure
from tests.chat.api.v1.conftest import Caller
from tests.support.push_service import PushBrowser

pytestmark = pytest.mark.django_db

PATH = "/api/v1/push-subscription/"
URL = "https://push.example.org/a"


class PageBrowser:
    """A signed-in browser that calls the API as the page does."""

    def __init__(self, user: User) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user)
        request: Any = type("Request", (), {"session": self.client.session, "headers": {}, "META": {"REMOTE_ADDR": ""}})
        record_device(request, user)
        self.client.cookies["csrftoken"] = "a" * 32

    def __call__(self, method: str, body: Any = None, path: str = PATH, **headers: str) -> Any:
        given = {"X-CSRFToken": "a" * 32} | headers
        raw = b"" if body is None else json.dumps(body)
        return self.client.generic(method, path, raw, "application/json", headers=given)


def test_a_browser_subscribes_changes_its_choice_and_ends(alice: User, bob: User) -> None:
    page, browser = PageBrowser(alice), PushBrowser(URL)
    made = page("PUT", browser.as_json())
    assert made.status_code == 200
    stored = PushSubscription.objects.get()
    assert made.json() == {
        "id": str(stored.pk), "direct": True, "mentions": True, "threads": True, "everything": False, "showsText": True,
    }  # fmt: skip
    again = page("PUT", browser.as_json() | {"everything": True, "showsText": False}).json()
    assert (again["id"], again["everything"], again["showsText"]) == (str(stored.pk), True, False)
    assert page("POST", path=f"{PATH}test/").status_code == 204
    assert PushNotification.objects.get().subscription == stored
    # The next user of the browser.
    other = PageBrowser(bob)
    assert other("PUT", browser.as_json()).status_code == 200
    assert PushSubscription.objects.get().user == bob
    assert page("POST", path=f"{PATH}test/").json()["reason"] == "push_not_subscribed"
    assert page("DELETE").status_code == 204 and PushSubscription.objects.exists()
    assert other("DELETE").status_code == 204 and not PushSubscription.objects.exists()


def test_sessions_need_the_csrf_token_and_tokens_have_no_browser(alice: User) -> None:
    page, body = PageBrowser(alice), PushBrowser(URL).as_json()
    assert page("PUT", body, **{"X-CSRFToken": ""}).status_code == 403
    assert page("PUT", body, Origin="https://evil.example").status_code == 403
    refused = Caller(f"Bearer {token_issue(user=alice)}")("PUT", "push-subscription/", body)
    assert (refused.status, refused.data["reason"]) == (403, "session_ended")
    guest = PageBrowser(guest_create(name="guest"))("PUT", body)
    assert (guest.status_code, guest.json()["reason"]) == (403, "account_required")
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://push.example.org/a",
        "https://127.0.0.1/a",
        "https://10.0.0.1/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1::1]/",
        "https://push.example.org:8443/a",
        "https://user@push.example.org/",
        "file:///etc/passwd",
        "https://push.example.org/\n",
        "",
    ],
)
def test_endpoints_that_the_site_must_not_call_are_refused(alice: User, url: str) -> None:
    refused = PageBrowser(alice)("PUT", PushBrowser(url).as_json())
    assert (refused.status_code, refused.json()["reason"]) == (400, "push_endpoint")


@pytest.mark.parametrize("key", ["", "x", "A" * 87, "é"])
def test_malformed_keys_are_refused(alice: User, key: str) -> None:
    body = PushBrowser(URL).as_json()
    body["keys"]["p256dh"] = key
    assert PageBrowser(alice)("PUT", body).json()["reason"] == "push_endpoint"


def test_a_user_has_a_limited_number_and_the_site_may_have_none(alice: User, settings: Any) -> None:
    settings.IM_PUSH_MAX_PER_USER = 2
    pages = [PageBrowser(alice) for _ in range(3)]
    for number, page in enumerate(pages):
        assert page("PUT", PushBrowser(f"{URL}{number}").as_json()).status_code == 200
    left = PushSubscription.objects.order_by("pk").values_list("endpoint", flat=True)
    assert list(left) == [f"{URL}1", f"{URL}2"]
    settings.IM_PUSH = False
    assert pages[0]("PUT", PushBrowser(URL).as_json()).json()["reason"] == "forbidden"


def test_the_key_is_made_once_and_can_be_replaced(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.push.keys._stored_key", "")
    assert public_key() == ""
    push_state_ensure()
    made = public_key()
    push_state_ensure()
    assert public_key() == made and len(made) == 87
    settings.IM_PUSH_PRIVATE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert public_key() not in ("", made)
