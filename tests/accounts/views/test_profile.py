"""Users edit their profile in the browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.actions import guest_create
from accounts.models import User
from delivery.models import Event, EventRecipient

FORM: dict[str, Any] = {
    "nickname": "Alicia",
    "status_text": "Painting",
    "language": "",
    "time_zone": "",
    "shares_presence": "on",
    "shares_read": "on",
}


def _save(browser: Client, **fields: Any) -> str:
    form = {name: value for name, value in (FORM | fields).items() if value is not None}
    return browser.post("/accounts/profile/", form, follow=True).content.decode()


def test_alice_changes_her_profile(browser: Client, alice: User) -> None:
    _save(browser, shares_read=None, time_zone="Asia/Shanghai", language="zh-hans")
    alice.refresh_from_db()
    assert (alice.nickname, alice.status_text, alice.time_zone, alice.language) == (
        "Alicia",
        "Painting",
        "Asia/Shanghai",
        "zh-hans",
    )
    assert alice.shares_presence and not alice.shares_read


def test_a_nickname_and_a_status_may_contain_emoji_with_joiners(browser: Client, alice: User) -> None:
    _save(browser, nickname="Jane 👩‍💻", status_text="🏳️‍🌈 1️⃣ day left")
    alice.refresh_from_db()
    assert (alice.nickname, alice.status_text) == ("Jane 👩‍💻", "🏳️‍🌈 1️⃣ day left")


def test_a_profile_change_is_pushed_to_her_own_connections(browser: Client, alice: User) -> None:
    _save(browser)
    event = Event.objects.get(kind="person.changed")
    assert list(EventRecipient.objects.filter(position=event.pk).values_list("user_id", flat=True)) == [alice.pk]
    body = json.loads(event.body)
    assert body["who"]["name"] == "Alicia" and body["status"] == "Painting"


@pytest.mark.parametrize(
    "fields",
    [
        {"nickname": ""},
        {"nickname": "x" * 65},
        {"nickname": "ali\u202ece"},
        {"status_text": "x" * 101},
        {"status_text": "hid\u200bden"},
        {"language": "tlh"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
    ],
)
def test_an_invalid_value_is_refused_and_nothing_changes(browser: Client, alice: User, fields: dict[str, str]) -> None:
    page = _save(browser, **fields)
    assert 'class="error"' in page or "alert is-error" in page
    alice.refresh_from_db()
    assert (alice.nickname, alice.status_text) == ("Alice", "")


def test_fields_outside_the_form_are_ignored(browser: Client, alice: User) -> None:
    _save(browser, is_staff="on", username="root", email="x@example.org", sign_in_epoch="9", user_id="1")
    alice.refresh_from_db()
    assert not alice.is_staff and alice.username == "alice" and alice.email is None and not alice.sign_in_epoch


def test_a_script_in_a_status_is_escaped(browser: Client) -> None:
    page = _save(browser, status_text='"><script>alert(1)</script>', nickname="<script>alert(2)</script>")
    assert "<script>alert" not in page


def test_a_chosen_language_applies_to_her_pages_only(browser: Client, client: Client) -> None:
    _save(browser, language="zh-hans")
    browser.cookies.pop(settings.LANGUAGE_COOKIE_NAME, None)
    english = {"Accept-Language": "en"}
    assert '<html lang="zh-hans">' in browser.get("/accounts/profile/", headers=english).content.decode()
    assert '<html lang="en">' in client.get("/accounts/login/", headers=english).content.decode()


def test_her_time_zone_is_reset_after_each_request(browser: Client) -> None:
    _save(browser, time_zone="Asia/Shanghai")
    assert browser.get("/accounts/sign-in-methods/").status_code == 200
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(
    "path", ["/accounts/profile/", "/accounts/sign-in-methods/", "/accounts/data/", "/accounts/deactivate/"]
)
def test_anonymous_visitors_and_guests_are_redirected(db: None, client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/accounts/login/")
    client.force_login(guest_create(name="Guest"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(path)["Location"] == "/accounts/register/"


def test_a_form_without_a_csrf_token_changes_nothing(alice: User, browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    assert strict.post("/accounts/profile/", FORM).status_code == 403
    alice.refresh_from_db()
    assert alice.nickname == "Alice"
