"""Re-authentication: confirm that the signed-in user makes a request that others must not make in their place."""

from __future__ import annotations

import time

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.actions import UsedCode, second_factor_code_use
from accounts.errors import AccountError
from accounts.forms.profile import ReauthenticationForm
from accounts.models import User
from accounts.names import name_key
from accounts.second_factor import notices
from accounts.second_factor.attempts import count_code
from accounts.session_times import is_recent

_SESSION_KEY = "reauthenticated_at"
RECENT_SECONDS = 600
"""Seconds for which the pages that remember a re-authentication do not ask again."""


def must_confirm_first(request: HttpRequest, user: User) -> bool:
    """Return whether forms that re-authenticate the user must wait for the page that asks for the second factor.

    A user without a password has nothing else that a stranger at an open browser does not know.
    """
    has_only_second_factor = user.has_second_factor and not user.has_password
    return has_only_second_factor and not is_recently_reauthenticated(request)


def is_reauthenticated(request: HttpRequest, user: User, form: ReauthenticationForm) -> bool:
    """Return whether the valid form holds the user's password, or what it asks for instead.

    A form without such a field needs a recent re-authentication. Otherwise adds an error to the form. A wrong password
    counts towards the sign-in lock, a code towards its own limit.
    """
    if "current_password" in form.fields:
        try:
            known = authenticate(request, username=user.username, password=form.cleaned_data["current_password"])
        except AccountError as refusal:
            form.refuse(refusal)
            return False
        if known == user:
            return True
        form.add_error("current_password", _("The password is incorrect."))
        return False
    if "code" in form.fields:
        try:
            count_code(user)
            used = second_factor_code_use(user_id=user.pk, code=form.cleaned_data["code"])
        except AccountError as refusal:
            form.refuse(refusal)
            return False
        if used is UsedCode.RECOVERY:
            notices.notify(user, notices.RECOVERY_CODE_USED)
        return True
    if "username_confirmation" not in form.fields:
        return is_recently_reauthenticated(request)
    if name_key(form.cleaned_data["username_confirmation"].strip()) == user.username_key:
        return True
    form.add_error("username_confirmation", _("This is not your username."))
    return False


def remember_reauthentication(request: HttpRequest) -> None:
    """Note in the session that the user has just re-authenticated."""
    request.session[_SESSION_KEY] = int(time.time())


def is_recently_reauthenticated(request: HttpRequest) -> bool:
    """Return whether the user of this session has re-authenticated within RECENT_SECONDS."""
    return is_recent(request.session.get(_SESSION_KEY, 0), seconds=RECENT_SECONDS)
