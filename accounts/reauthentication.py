"""Whether it is really the person who asks for what cannot be undone."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.forms.profile import ReauthenticationForm
from accounts.models import User
from accounts.names import name_key


def is_certain(request: HttpRequest, user: User, form: ReauthenticationForm) -> bool:
    """Whether the valid form holds the password (or, without one, the user name); else the form says so.

    Through the sign-in, so that guessing here counts towards the same lock.
    """
    if "present" in form.fields:
        if authenticate(request, username=user.username, password=form.cleaned_data["present"]) is not None:
            return True
        form.add_error("present", _("This is not your password."))
        return False
    if name_key(form.cleaned_data["name"].strip()) == user.username_key:
        return True
    form.add_error("name", _("This is not your user name."))
    return False
