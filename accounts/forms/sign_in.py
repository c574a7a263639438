"""Forms for signing in, signing up and passwords. They read input; the actions validate it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.errors import AccountError
from accounts.names import USER_NAME_MAX_LENGTH
from accounts.refusal_texts import localized


class ActionForm(forms.Form):
    """A form whose fields can show the AccountError that an action raised."""

    def refuse(self, error: AccountError) -> None:
        self.add_error(error.field if error.field in self.fields else None, localized(error))


class SignInForm(AuthenticationForm):
    """User name and password. Unknown names, wrong passwords and closed accounts get the same error."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("Username")
        self.fields["password"].label = _("Password")

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except AccountError as refusal:
            # The LDAP directory does not answer, or knows the password of somebody who may not sign in.
            raise forms.ValidationError(localized(refusal), code=refusal.reason.key) from None

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(_("Incorrect username or password."), code="invalid_login")


class OAuthSignUpForm(ActionForm):
    """The names of a new account."""

    username = forms.CharField(
        label=_("Username"),
        help_text=_("Letters and digits of any language, dots, hyphens. You cannot change it later."),
        max_length=USER_NAME_MAX_LENGTH,
        strip=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    nickname = forms.CharField(
        label=_("Display name"),
        help_text=_("Optional. Others see this name. You can change it."),
        max_length=USER_NAME_MAX_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )


class RegisterForm(OAuthSignUpForm):
    """The names and the password of a new account. Other posted fields are ignored."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_confirmation = forms.CharField(
        label=_("Confirm password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        _require_equal_passwords(self, cleaned)
        # The rest is what `user_register` takes.
        cleaned.pop("password_confirmation", None)
        return cleaned


class SetPasswordForm(ActionForm):
    """A password for an account without one, so there is no current password to ask for."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    password_confirmation = forms.CharField(
        label=_("Confirm new password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        _require_equal_passwords(self, cleaned)
        return cleaned


class ChangePasswordForm(SetPasswordForm):
    """A new password, and the current one for re-authentication."""

    current_password = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("current_password", "password", "password_confirmation")


def _require_equal_passwords(form: forms.Form, cleaned: dict[str, Any]) -> None:
    both_given = "password" in cleaned and "password_confirmation" in cleaned
    if both_given and cleaned["password"] != cleaned["password_confirmation"]:
        form.add_error("password_confirmation", _("The passwords do not match."))
