"""People in the admin. Their names stay, nobody is deleted; staff are managed by superusers only."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.actions import (
    password_change,
    user_register,
    user_roles_set,
    user_update,
)
from accounts.admin.base import ActionAdmin
from accounts.models import User
from accounts.names import BadName, check_nickname, check_user_name, name_key
from accounts.refusal_texts import localized
from accounts.selectors.users import guest_name_taken
from accounts.sign_in import current_credential, keep_earlier_credential

ROLES = ("is_staff", "is_superuser", "groups", "user_permissions")


def _nickname(form: forms.ModelForm[User]) -> str:
    try:
        return check_nickname(form.cleaned_data["nickname"])
    except BadName as bad:
        raise forms.ValidationError(localized(bad)) from None


class PersonAddForm(UserCreationForm):  # type: ignore[misc]
    """A new account; the action that makes it checks once more."""

    class Meta:
        model = User
        fields = ("username", "nickname")

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        try:
            check_user_name(name, allow_reserved=True)
        except BadName as bad:
            raise forms.ValidationError(localized(bad)) from None
        if guest_name_taken(name):
            raise forms.ValidationError(gettext("This name is taken."))
        return name

    def clean_nickname(self) -> str:
        return _nickname(self)


class PersonForm(UserChangeForm):  # type: ignore[misc]
    """What of an account can be changed."""

    def clean_nickname(self) -> str:
        return _nickname(self)

    def clean_email(self) -> str | None:
        # Lower case already here, so that the form finds the address that is taken.
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_phone_number(self) -> str | None:
        return self.cleaned_data["phone_number"] or None


class PasswordSetForm(AdminPasswordChangeForm):  # type: ignore[misc]
    """A new password for somebody, who is signed out everywhere by it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Shutting somebody out is "deactivate", with all that belongs to it.
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        user: User = self.user
        password_change(user=user, new_password=self.cleaned_data["password1"])
        return user


@admin.register(User)
class PersonAdmin(ActionAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """Search finds the beginning of names whatever their width and case."""

    form = PersonForm
    add_form = PersonAddForm
    change_password_form = PasswordSetForm
    list_display = ("username", "nickname", "kind", "is_active", "is_staff", "date_joined", "last_login")
    list_filter: ClassVar[tuple[str, ...]] = ("kind", "is_active", "is_staff", "is_superuser")
    search_fields = ("username_key", "nickname_key", "phone_number", "email")
    search_help_text = _("User name, nickname, phone number or email address")
    ordering = ("-pk",)
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("username", "kind", "is_active", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "nickname", "kind", "is_active", "password")}),
        (_("Contact"), {"fields": ("phone_number", "email")}),
        (_("Roles"), {"fields": ROLES}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "nickname", "password1", "password2")}),)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who is no superuser manages people, but not those who manage people.

        Only accounts of people are typed into: guests come as they are, services have a page and no password (by
        which one could come in as one that may do more), and of who is gone nothing is written again.
        """
        allowed: bool = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        persons = obj.kind == User.Kind.PERSON and obj.deleted_at is None
        return persons and (request.user.is_superuser or not (obj.is_staff or obj.is_superuser))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """What is told of the password is for who may set another."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, options | {"fields": tuple(field for field in options["fields"] if field != "password")})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        roles = () if request.user.is_superuser else ROLES
        return () if obj is None else (*self.readonly_fields, *roles)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        found: tuple[QuerySet[User], bool] = super().get_search_results(request, queryset, name_key(search_term))
        return found

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Django's UserAdmin opens its transaction here already.
        return self.in_one_write(request, lambda: super(PersonAdmin, self).add_view(request, *args, **kwargs))

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django renews the key of the operator's own session on the way."""
        before = current_credential(request)
        response: HttpResponse = super().user_change_password(request, *args, **kwargs)
        keep_earlier_credential(request, before)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if not change:
            made = user_register(
                username=given["username"], nickname=given["nickname"], password=given["password1"], allow_reserved=True
            )
            obj.pk, obj.password = made.pk, made.password
            return
        user_update(
            user_id=obj.pk, nickname=given["nickname"], phone_number=given["phone_number"], email=given["email"]
        )
        if request.user.is_superuser:
            user_roles_set(
                user_id=obj.pk,
                is_staff=given["is_staff"],
                is_superuser=given["is_superuser"],
                groups=given["groups"],
                permissions=given["user_permissions"],
            )


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups give rights, so superusers alone see and change them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return bool(request.user.is_superuser)
