"""Sign-ins through the account pages, and the session of a test client."""

from __future__ import annotations

from django.test import Client

from tests.support.fixtures.users import PASSWORD


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> int:
    """Submit the sign-in form; return the status."""
    return client.post("/accounts/login/", {"username": username, "password": password} | more).status_code


def session_key(client: Client) -> str:
    """Return the key of the client's session, or an empty string."""
    return client.session.session_key or ""
