"""Users with an authenticator app, and the codes that it shows.

The helpers empty the rate limit of codes, because users of earlier tests may have had the same ids.
"""

from __future__ import annotations

import time

import pyotp
from django.test import Client

from accounts.actions import authenticator_app_create
from accounts.models import AuthenticatorApp, User
from accounts.rate_limits import second_factor_rate_limit
from accounts.second_factor.totp import STEP_SECONDS, new_secret
from tests.support.account_pages import sign_in
from tests.support.fixtures.users import PASSWORD

STEP = "/accounts/second-step/"
SETTINGS = "/accounts/second-factor/"


def app_code(secret: str, *, later: int = 0) -> str:
    """Return the code that the app shows now, or in a later step. The site accepts that of the next step, too."""
    return pyotp.TOTP(secret).generate_otp(int(time.time() // STEP_SECONDS) + later)


def add_app(user: User) -> tuple[str, list[str]]:
    """Set up an authenticator app with no code used yet; return its secret and the recovery codes."""
    second_factor_rate_limit.reset()
    secret = new_secret()
    codes = authenticator_app_create(user_id=user.pk, secret=secret, code=app_code(secret))
    AuthenticatorApp.objects.filter(user=user).update(last_step=0)
    user.refresh_from_db()
    return secret, codes


def take_first_step(username: str = "alice", next_page: str = "") -> Client:
    """Return a browser in which the user has given the password, and has yet to take the second step."""
    client = Client()
    assert sign_in(client, username, next=next_page) == 302
    return client


def reauthenticate(client: Client) -> None:
    """Give the password once more, so that the pages of two-factor sign-in open."""
    second_factor_rate_limit.reset()
    assert client.post("/accounts/confirm/", {"current_password": PASSWORD}).status_code == 302
