"""Accounts for tests of a running site, created without its pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from accounts.hashers import PasswordHasher
from tests.support import log_secrets
from tests.support.site import Site

PASSWORD = "correct horse battery"

_SCRIPT = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.actions import administrator_create, device_create, token_issue, user_register, users
from accounts.credentials import session_credential
from accounts.models import Device

def browser_session(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    key = session.session_key
    device_create(user=user, kind=Device.Kind.BROWSER, credential=session_credential(key), name="Chromium",
        session_key=key)
    return key

names, password, hashed = json.loads({names!r}), {password!r}, {hashed!r}
users.hash_password = lambda password, user: hashed
if {administrator!r}:
    made = [administrator_create(username=name, password=password) for name in names]
else:
    made = [user_register(username=name, nickname=name.capitalize(), password=password) for name in names]
print(json.dumps([[user.username, token_issue(user=user), browser_session(user)] for user in made]))
"""


@cache
def _hashed() -> str:
    """Return the hash of PASSWORD. It is computed once, because it takes as long as everything else of an account."""
    # Django would replace the hash of a shorter salt at the next sign-in, which ends all earlier sessions.
    return PasswordHasher().encode(PASSWORD, "salt" * 8)


def register(site: Site, names: Sequence[str], *, administrator: bool = False) -> dict[str, str]:
    """Create accounts with PASSWORD in the site's database; return a service token for each name.

    `site.sessions` gets the key of a new browser session for each name.
    """
    script = _SCRIPT.format(
        names=json.dumps(list(names)), password=PASSWORD, hashed=_hashed(), administrator=administrator
    )
    log_secrets.note(PASSWORD)
    made = json.loads(site.manage("shell", "--no-imports", "-c", script).strip().splitlines()[-1])
    site.sessions.update({name: session for name, _, session in made})
    return {name: token for name, token, _ in made}
