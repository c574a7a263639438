"""All account pages have CSRF protection, escaping and security headers; the admin shares the sign-in page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import guest_create
from accounts.models import User
from accounts.selectors.users import user_by_session
from tests.support.account_pages import session_key
from tests.support.fixtures.users import PASSWORD


@pytest.mark.parametrize("page", ["login", "register", "logout", "password"])
def test_a_form_without_a_csrf_token_is_refused(alice: User, browser: Client, page: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    form = {"username": "alice", "password": PASSWORD, "password_confirmation": PASSWORD, "current_password": PASSWORD}
    assert strict.post(f"/accounts/{page}/", form, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert user_by_session(session_key(browser)) is not None


def test_a_script_in_a_name_is_escaped(db: None, client: Client) -> None:
    guest = guest_create(name="<script>x</script>")
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/accounts/login/").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    form = {"username": '"><script>y</script>', "password": PASSWORD, "password_confirmation": PASSWORD}
    for path in ("login", "register"):
        assert "<script>y" not in client.post(f"/accounts/{path}/", form).content.decode()


@pytest.mark.parametrize("page", ["login", "register"])
def test_pages_have_the_content_security_policy_and_are_not_cached(db: None, client: Client, page: str) -> None:
    response = client.get(f"/accounts/{page}/")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_the_admin_uses_the_same_sign_in(db: None, client: Client) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


@pytest.mark.parametrize("asked", ["", "?next=", "?next=/admin/"])
def test_the_admins_own_sign_in_page_leads_to_the_admin(client: Client, asked: str) -> None:
    there = client.get(f"/admin/login/{asked}").headers["Location"]
    assert there == "/accounts/login/?next=%2Fadmin%2F"


def test_a_page_of_the_admin_is_reached_after_the_sign_in(client: Client) -> None:
    there = client.get("/admin/login/?next=/admin/chat/channel/%3Fq%3Da").headers["Location"]
    assert there == "/accounts/login/?next=%2Fadmin%2Fchat%2Fchannel%2F%3Fq%3Da"
