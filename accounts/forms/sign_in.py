"""The forms of the account pages. They ask; what is allowed is for the actions to say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import AccountError
from accounts.names import USER_NAME_LIMIT


class RefusableForm(forms.Form):
    """A form that can show an action's refusal at the field concerned."""

    def refuse(self, error: AccountError) -> None:
        self.add_error(error.field if error.field in self.fields else None, gettext(error.text) % error.params)


class SignInForm(AuthenticationForm):
    """Name and password. One answer for an unknown name, a wrong password and an account that is shut out."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["password"].label = _("Password")

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(_("The name and the password do not belong together."), code="invalid_login")


class RegisterForm(RefusableForm):
    """What a new account needs. Fields beyond these are not read."""

    username = forms.CharField(
        label=_("User name"),
        help_text=_("Letters and digits of any language, dots, hyphens. It stays for good."),
        max_length=USER_NAME_LIMIT,
        strip=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    nickname = forms.CharField(
        label=_("Shown as"),
        help_text=_("Optional: the name that others see. You can change it."),
        max_length=USER_NAME_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "password" in cleaned and "again" in cleaned and cleaned.pop("again") != cleaned["password"]:
            self.add_error("again", _("The two passwords differ."))
        return cleaned


class NewcomerForm(RefusableForm):
    """A user name for who has come from elsewhere."""

    username = forms.CharField(
        label=_("User name"),
        help_text=_("Letters and digits of any language, dots, hyphens. It stays for good."),
        max_length=USER_NAME_LIMIT,
        strip=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    nickname = forms.CharField(
        label=_("Shown as"),
        help_text=_("Optional: the name that others see. You can change it."),
        max_length=USER_NAME_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )


class FirstPasswordForm(RefusableForm):
    """A password for an account that has none: nothing can be asked for but it."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "password" in cleaned and "again" in cleaned and cleaned["again"] != cleaned["password"]:
            self.add_error("again", _("The two passwords differ."))
        return cleaned


class PasswordForm(FirstPasswordForm):
    """A new password, and the present one to show that it is the person who asks."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("present", "password", "again")
