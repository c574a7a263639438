"""A late answer to a request from before a sign-in does not delete the cookie of the new session."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.support.account_pages import session_key, sign_in


def test_a_request_with_an_earlier_session_deletes_no_cookie(alice: User, bob: User) -> None:
    tab = Client()
    sign_in(tab, "alice")
    early = Client()
    early.cookies[settings.SESSION_COOKIE_NAME] = session_key(tab)
    sign_in(tab, "bob")
    for path in ("/accounts/login/", "/accounts/profile/"):
        assert settings.SESSION_COOKIE_NAME not in early.get(path).cookies


def test_a_sign_out_deletes_the_cookie(alice: User) -> None:
    client = Client()
    sign_in(client, "alice")
    cookie = client.post("/accounts/logout/").cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie.value, cookie["max-age"]) == ("", 0)
