"""Challenges for passkeys that wait for their answer, in the browser's session: one at a time, each for one answer.

Of two answers at once, both find the challenge in the session. The database lets the first of them pass.
"""

from __future__ import annotations

import time

from django.http import HttpRequest
from django.http.request import split_domain_port

from accounts.actions import passkey_challenge_use
from accounts.errors import PasskeyRefused
from accounts.second_factor.webauthn import Site, State
from accounts.session_times import is_recent

_SESSION_KEY = "passkey_challenge"
_LIFETIME_SECONDS = 300


def site_of(request: HttpRequest) -> Site:
    """Return the site under the address of this request, which is one of ALLOWED_HOSTS."""
    host = request.get_host()
    return Site(split_domain_port(host)[0], f"{request.scheme}://{host}")


def keep_challenge(request: HttpRequest, purpose: str, state: State) -> None:
    """Keep the state of options in the session, in place of an earlier one."""
    request.session[_SESSION_KEY] = {"purpose": purpose, "state": state, "at": int(time.time())}


def take_challenge(request: HttpRequest, purpose: str) -> State:
    """Return the state of the options for this purpose, and use it up. Raise PasskeyRefused if there is none."""
    kept = request.session.pop(_SESSION_KEY, None)
    if kept is None or kept["purpose"] != purpose or not is_recent(kept["at"], seconds=_LIFETIME_SECONDS):
        raise PasskeyRefused
    state: State = kept["state"]
    passkey_challenge_use(state["challenge"], at=kept["at"])
    return state
