"""The second step of a sign-in. Between the steps the browser is not signed in: its session only names the user.

The session gets a new key with each step. So a session that was planted in a browser never becomes a signed-in one, and
its owner cannot take the second step of another user either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.selectors.users import user_by_id
from accounts.session_times import is_recent
from accounts.sign_in import leave_session, sign_in

_SESSION_KEY = "second_step"
LIFETIME_SECONDS = 600
"""Seconds after the first step in which the second must be taken."""


@dataclass(frozen=True, slots=True)
class PendingStep:
    """A sign-in whose second step is missing, and the page that it leads to."""

    user: User
    next_page: str


def continue_sign_in(request: HttpRequest, user: User, next_page: str) -> HttpResponse:
    """Sign in a user whose first step has succeeded; ask for the second step if the user has a second factor."""
    if not user.has_second_factor:
        sign_in(request, user)
        return HttpResponseRedirect(next_page)
    if not leave_session(request):
        request.session.cycle_key()
    request.session[_SESSION_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
        "next": next_page,
    }
    return redirect("accounts:second-step")


def pending_step(request: HttpRequest) -> PendingStep | None:
    """Return the sign-in that waits for its second step in this browser; None if there is none, or not any more.

    A changed password and a sign-out everywhere end it as they end sessions.
    """
    stored = request.session.get(_SESSION_KEY)
    if stored is None or not is_recent(stored["at"], seconds=LIFETIME_SECONDS):
        return None
    user = user_by_id(stored["user"])
    if user is None or not user.is_active or not user.has_second_factor:
        return None
    if not constant_time_compare(stored["hash"], user.get_session_auth_hash()):
        return None
    return PendingStep(user, stored["next"])


def complete_sign_in(request: HttpRequest, pending: PendingStep) -> None:
    """Sign the browser in after the second step."""
    del request.session[_SESSION_KEY]
    sign_in(request, pending.user)
