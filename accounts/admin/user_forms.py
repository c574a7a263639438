"""Forms of the user pages in the admin."""

from __future__ import annotations

from typing import Any

from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.actions import password_change
from accounts.admin.name_fields import clean_new_username, clean_nickname
from accounts.models import User


class UserAddForm(UserCreationForm):  # type: ignore[misc]
    """Names and password of a new user."""

    class Meta:
        model = User
        fields = ("username", "nickname")

    def clean_username(self) -> str:
        return clean_new_username(self)

    def clean_nickname(self) -> str:
        return clean_nickname(self)


class UserEditForm(UserChangeForm):  # type: ignore[misc]
    """The editable fields of a user."""

    def clean_nickname(self) -> str:
        return clean_nickname(self)

    def clean_email(self) -> str | None:
        # In lower case, so that the form finds an address that is taken.
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_phone_number(self) -> str | None:
        return self.cleaned_data["phone_number"] or None


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[misc]
    """A new password for a user, which signs the user out everywhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An account is disabled by "Deactivate", which ends its sessions as well.
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        user: User = self.user
        password_change(user=user, new_password=self.cleaned_data["password1"])
        return user
