"""Steps of a sign-in with another provider by a test client."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit
from urllib.request import urlopen

from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.models import User


def return_address(client: Client, way: str, page: str = "", *, answer: str = "allow", **form: str) -> str:
    """Go to the provider, answer there (`allow` or `deny`), and return the callback URL."""
    redirect = client.post(f"/accounts/oauth/{way}/{page}", form)
    assert redirect.status_code == 302, redirect.content.decode()
    html = urlopen(redirect["Location"]).read().decode()
    found = re.search(rf'id="{answer}" href="([^"]+)"', html)
    assert found
    back = urlsplit(unescape(found[1]))
    return f"{back.path}?{back.query}"


def signed_in(client: Client) -> str | None:
    """Return the user name of the client's session."""
    key = client.session.get(SESSION_KEY)
    return User.objects.get(pk=key).username if key else None
