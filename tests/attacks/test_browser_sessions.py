"""A browser's session is not chosen by an attacker, and no header of a request reaches a link or a cached page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import email_set
from accounts.mail import wait_until_sent
from accounts.models import User
from accounts.selectors.users import user_by_session
from tests.support.account_pages import session_key
from tests.support.fixtures.users import PASSWORD
from tests.support.site_urls import fill, served_site, url_patterns

pytestmark = pytest.mark.django_db

NEW = {"username": "mallory", "password": PASSWORD, "password_confirmation": PASSWORD}
SIGN_INS: dict[str, dict[str, str]] = {
    "/accounts/login/": {"username": "alice", "password": PASSWORD},
    "/accounts/register/": NEW,
    "/accounts/guest/": {"name": "Guest", "appId": "101"},
}
FORGED = {
    "X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "X-Original-Host": "evil.example",
    "Forwarded": "host=evil.example", "X-Original-URL": "/evil.example", "X-Rewrite-URL": "/evil.example",
    "X-Forwarded-Proto": "evil.example", "X-Forwarded-Server": "evil.example", "Referer": "https://evil.example/",
}  # fmt: skip


def planted_session(user: User | None) -> str:
    """Return the key of a session that the attacker has opened and puts into another user's browser."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    else:
        session = client.session
        session["x"] = "y"
        session.save()
    return session_key(client)


@pytest.mark.parametrize("path", SIGN_INS)
@pytest.mark.parametrize("is_signed_in", [False, True])
@pytest.mark.usefixtures("web", "alice")
def test_a_planted_session_is_replaced_at_the_sign_in(path: str, is_signed_in: bool, bob: User) -> None:
    planted = planted_session(bob if is_signed_in else None)
    browser = Client()
    browser.cookies["sessionid"] = planted
    browser.get("/accounts/login/")
    before = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""

    assert browser.post(path, SIGN_INS[path]).status_code in (201, 302)

    own = session_key(browser)
    assert own and own != planted
    signed_in, of_attacker = user_by_session(own), user_by_session(planted)
    assert signed_in is not None and of_attacker is None
    assert browser.cookies["csrftoken"].value != before


@pytest.mark.parametrize("key", ["0" * 32, "x", "../../x", "a" * 400])
def test_a_session_key_that_the_site_has_not_made_is_never_used(key: str, alice: User) -> None:
    browser = Client()
    browser.cookies["sessionid"] = key
    assert browser.post("/accounts/login/", SIGN_INS["/accounts/login/"]).status_code == 302
    assert session_key(browser) not in ("", key)


def test_a_link_in_a_mail_leads_to_the_sites_own_host(alice: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.test"]
    email_set(user_id=alice.pk, email="alice@example.org")
    browser = Client(headers={"Host": "chat.test"})

    answer = browser.post("/accounts/reset/", {"email": "alice@example.org"}, headers=FORGED)
    assert Client().post("/accounts/reset/", {"email": "a@b.c"}, headers={"Host": "evil.example"}).status_code == 400
    wait_until_sent()

    assert answer.status_code == 302
    [sent] = mail.outbox
    assert set(re.findall(r"https?://[^/\s]+", sent.body)) == {"http://chat.test"}


def shown(response: Any) -> tuple[int, bytes, str]:
    return response.status_code, response.content, response.get("Location", "")


def test_a_response_that_caches_keep_depends_on_no_header_of_the_request() -> None:
    site, cached = served_site(), []
    for pattern in url_patterns(without=("admin/", "api/", "debug/")):
        plain = Client().get(site.urls[pattern])
        forged = Client().get(site.urls[pattern], headers=FORGED)
        assert b"evil.example" not in getattr(forged, "content", b""), pattern
        assert "evil.example" not in str(forged.headers), pattern
        if "public" in plain.get("Cache-Control", ""):
            cached.append(pattern)
            assert shown(plain) == shown(forged) == shown(site.browsers["member"].get(site.urls[pattern])), pattern
            assert not plain.cookies, pattern
    assert len(cached) >= 4


def test_no_path_leads_to_another_site() -> None:
    for path in (
        "//evil.example/",
        "/\\evil.example/",
        "//evil.example/accounts/login",
        "/%2F/evil.example",
        "/%0d%0aX: y",
    ):
        answer = Client().get(path)
        assert not answer.get("Location", "").startswith(("//", "/\\", "http")), path
    target = fill("accounts/login/", {})
    for wanted in (
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\thttps://evil.example",
    ):
        answer = Client().get(target, {"next": wanted})
        assert "evil.example" not in answer.get("Location", "") and answer.status_code == 200
