"""Forms of the account pages: profile, picture, email address, re-authentication."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions.profile import STATUS_MAX_LENGTH
from accounts.forms.long_select import LongSelect
from accounts.forms.second_factor import CODE_MAX_LENGTH, CodeInput
from accounts.forms.sign_in import ActionForm
from accounts.models import User
from accounts.names import USER_NAME_MAX_LENGTH
from accounts.selectors.second_factor import has_authenticator_app
from accounts.time_zones import known_time_zones


def _time_zone_choices() -> list[tuple[str, Any]]:
    zones = sorted(name for name in known_time_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [("", _("Same as browser")), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in zones)]


def _language_choices() -> list[tuple[str, Any]]:
    return [("", _("Same as browser")), *settings.LANGUAGES]


class ProfileForm(ActionForm):
    """The profile that others see, and the user's preferences."""

    nickname = forms.CharField(
        label=_("Display name"),
        help_text=_("Others see this name."),
        max_length=USER_NAME_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    status_text = forms.CharField(
        label=_("Status"),
        help_text=_("Tell others what you are doing, in a few words."),
        max_length=STATUS_MAX_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=_language_choices, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_time_zone_choices, required=False, widget=LongSelect)
    shares_presence = forms.BooleanField(label=_("Show others when I am online"), required=False)
    shares_read = forms.BooleanField(label=_("Show others what I have read"), required=False)
    shares_typing = forms.BooleanField(label=_("Show others when I am typing"), required=False)
    previews_private_links = forms.BooleanField(
        label=_("Show previews of links that I send in private conversations"),
        help_text=_("The site then opens the linked pages."),
        required=False,
    )


class AvatarForm(ActionForm):
    """A picture to upload."""

    avatar = forms.FileField(
        label=_("Picture"), widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})
    )


class PasswordResetForm(ActionForm):
    """The email address of an account whose password is forgotten."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class ReauthenticationForm(ActionForm):
    """Asks for the current password; users with neither a password nor a second factor type their user name.

    It asks users with a second factor but no password for nothing: they have just confirmed by that (`ConfirmForm`).
    """

    asks_for_code: ClassVar[bool] = False

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.has_password:
            self.fields["current_password"] = forms.CharField(
                label=_("Current password"),
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )
        elif user.has_second_factor:
            if self.asks_for_code:
                self.fields["code"] = _code_field(user)
        else:
            self.fields["username_confirmation"] = forms.CharField(
                label=_("Your username"),
                help_text=_("Type it to confirm."),
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
            )


class ConfirmForm(ReauthenticationForm):
    """Asks users with a second factor but no password for a code of their app or a recovery code."""

    asks_for_code = True


def _code_field(user: User) -> forms.CharField:
    has_app = has_authenticator_app(user)
    app_help, recovery_help = (
        _("From your authenticator app, or a recovery code."),
        _("One of the codes that you saved. Each works once."),
    )
    return forms.CharField(
        label=_("Code") if has_app else _("Recovery code"),
        help_text=app_help if has_app else recovery_help,
        max_length=CODE_MAX_LENGTH,
        widget=CodeInput(attrs={"autocomplete": "one-time-code" if has_app else "off"}),
    )


class EmailForm(ReauthenticationForm):
    """A new email address, with re-authentication."""

    email = forms.EmailField(
        label=_("Email address"),
        help_text=_("We send password reset links to it. Other users do not see it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
