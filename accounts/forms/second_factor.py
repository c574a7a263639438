"""Forms for the codes of two-factor sign-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.sign_in import ActionForm

CODE_MAX_LENGTH = 40
"""Longer than a recovery code with spaces around its groups."""


class CodeInput(forms.TextInput):
    """A field that is empty again after a refused code: the next one is another."""

    def format_value(self, value: Any) -> None:
        return None


class AppCodeForm(ActionForm):
    """A code of the authenticator app."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six digits that your authenticator app shows."),
        max_length=CODE_MAX_LENGTH,
        widget=CodeInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-field"}
        ),
    )


class RecoveryCodeForm(ActionForm):
    """A recovery code."""

    code = forms.CharField(
        label=_("Recovery code"),
        help_text=_("One of the codes that you saved. Each works once."),
        max_length=CODE_MAX_LENGTH,
        widget=CodeInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
