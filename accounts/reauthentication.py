"""Re-authentication: confirm that the signed-in user makes a request that cannot be undone."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.forms.profile import ReauthenticationForm
from accounts.models import User
from accounts.names import name_key


def is_reauthenticated(request: HttpRequest, user: User, form: ReauthenticationForm) -> bool:
    """Return whether the valid form holds the user's password, or their user name if they have no password.

    Otherwise adds an error to the form. A wrong password counts towards the sign-in lock.
    """
    if "current_password" in form.fields:
        if authenticate(request, username=user.username, password=form.cleaned_data["current_password"]) is not None:
            return True
        form.add_error("current_password", _("The password is incorrect."))
        return False
    if name_key(form.cleaned_data["username_confirmation"].strip()) == user.username_key:
        return True
    form.add_error("username_confirmation", _("This is not your username."))
    return False
