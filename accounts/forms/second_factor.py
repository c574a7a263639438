"""Forms of two-factor sign-in: codes, and names of passkeys."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import ActionForm
from accounts.models.second_factor import PASSKEY_NAME_MAX_LENGTH

CODE_MAX_LENGTH = 40
"""Longer than a recovery code with spaces around its groups."""


class AppCodeForm(ActionForm):
    """A code of the authenticator app."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six digits that your authenticator app shows."),
        max_length=CODE_MAX_LENGTH,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-field"}
        ),
    )


class RecoveryCodeForm(ActionForm):
    """A recovery code."""

    code = forms.CharField(
        label=_("Recovery code"),
        help_text=_("One of the codes that you saved. Each works once."),
        max_length=CODE_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class PasskeyNameForm(ActionForm):
    """The name by which its owner tells a passkey from others."""

    name = forms.CharField(label=_("Name"), max_length=PASSKEY_NAME_MAX_LENGTH)
