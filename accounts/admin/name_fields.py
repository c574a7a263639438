"""Validation of usernames and nicknames, for the forms of users and of service accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext

from accounts.names import BadName, check_nickname, check_user_name
from accounts.refusal_texts import localized
from accounts.selectors.users import guest_name_taken


def clean_new_username(form: forms.ModelForm[Any]) -> str:
    """Return the form's `username` if it is valid and not taken; raise ValidationError otherwise.

    Reserved names are allowed. The action that creates the account repeats both checks under a lock.
    """
    name: str = form.cleaned_data["username"]
    try:
        check_user_name(name, allow_reserved=True)
    except BadName as bad:
        raise forms.ValidationError(localized(bad)) from None
    if guest_name_taken(name):
        raise forms.ValidationError(gettext("This name is taken."))
    return name


def clean_nickname(form: forms.ModelForm[Any]) -> str:
    """Return the form's `nickname` unchanged; raise ValidationError if it is a new one and not valid."""
    nickname: str = form.cleaned_data["nickname"]
    if "nickname" not in form.changed_data:
        return nickname
    try:
        return check_nickname(nickname)
    except BadName as bad:
        raise forms.ValidationError(localized(bad)) from None
