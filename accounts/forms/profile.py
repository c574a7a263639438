"""The forms of somebody's own pages: profile, picture, email address, and what needs a second thought."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions.profile import STATUS_LIMIT
from accounts.forms.sign_in import RefusableForm
from accounts.models import User
from accounts.names import USER_NAME_LIMIT


def _time_zones() -> list[tuple[str, Any]]:
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [("", _("The browser's")), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


def _languages() -> list[tuple[str, Any]]:
    return [("", _("The browser's")), *settings.LANGUAGES]


class ProfileForm(RefusableForm):
    nickname = forms.CharField(
        label=_("Shown as"),
        help_text=_("The name that others see."),
        max_length=USER_NAME_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    status_text = forms.CharField(
        label=_("Status"),
        help_text=_("A few words about what you are doing."),
        max_length=STATUS_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=_languages, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_time_zones, required=False)
    shares_presence = forms.BooleanField(label=_("Others see when I am online"), required=False)
    shares_read = forms.BooleanField(label=_("Others see what I have read"), required=False)


class AvatarForm(RefusableForm):
    avatar = forms.FileField(
        label=_("Picture"), widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"})
    )


class ResetForm(RefusableForm):
    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class ReauthenticationForm(RefusableForm):
    """Shows that it is the person who asks, and that they mean it: by the password, or the user name without one."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.has_usable_password():
            self.fields["present"] = forms.CharField(
                label=_("Present password"),
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )
        else:
            self.fields["name"] = forms.CharField(
                label=_("Your user name"),
                help_text=_("Type it to show that you mean it."),
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
            )


class EmailForm(ReauthenticationForm):
    email = forms.EmailField(
        label=_("Email address"),
        help_text=_("For a new password when you have forgotten yours. Nobody sees it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
