"""The part of the user pages that concerns the account itself: names, contact, password and roles.

It is a base class. `chat.admin.users` adds moderation and registers the one model admin for users.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actions import user_register, user_roles_set, user_update
from accounts.admin.base import SiteModelAdmin
from accounts.admin.user_forms import SetPasswordForm, UserAddForm, UserEditForm
from accounts.models import User
from accounts.selectors.second_factor import second_factors
from accounts.selectors.sign_in_methods import LDAP_PROVIDER, oauth_links
from accounts.sign_in import current_credential, keep_earlier_credential

ROLE_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class BaseUserAdmin(SiteModelAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """Creates and edits users. Usernames stay, and no user is deleted. Only superusers manage staff."""

    form = UserEditForm
    add_form = UserAddForm
    change_password_form = SetPasswordForm
    ordering = ("-pk",)
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("username", "kind", "is_active", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "nickname", "kind", "is_active", "sign_in_methods", "password")}),
        (_("Contact"), {"fields": ("phone_number", "email")}),
        (_("Roles"), {"fields": ROLE_FIELDS}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "nickname", "password1", "password2")}),)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return whether the operator may edit this user: a person's account (`User.Kind.PERSON`) that is not deleted.

        Guests have nothing to edit. Service accounts have a page of their own and no password; with a password, an
        operator could sign in as an account with more permissions. Only superusers edit staff.
        """
        allowed: bool = super().has_change_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        is_editable = obj.kind == User.Kind.PERSON and obj.deleted_at is None
        return is_editable and (request.user.is_superuser or not (obj.is_staff or obj.is_superuser))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Leave out the password's field for operators who may not set another password."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, options | {"fields": tuple(field for field in options["fields"] if field != "password")})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        roles = () if request.user.is_superuser else ROLE_FIELDS
        return () if obj is None else (*self.readonly_fields, "sign_in_methods", *roles)

    @admin.display(description=_("sign-in methods"))
    def sign_in_methods(self, row: User) -> str:
        methods = [gettext("password")] if row.has_usable_password() else []
        methods += [
            link.provider for link in oauth_links(row) if link.provider != LDAP_PROVIDER or row.signs_in_by_ldap
        ]
        factors = second_factors(row)
        methods += [gettext("authenticator app")] if factors.app is not None else []
        methods += [gettext("passkey")] if factors.passkeys else []
        return ", ".join(methods) or gettext("tokens only")

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Django's UserAdmin opens its transaction here already.
        return self.in_write_transaction(request, lambda: super(BaseUserAdmin, self).add_view(request, *args, **kwargs))

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Set a user's password. Django renews the key of the operator's own session on the way."""
        before = current_credential(request)
        response: HttpResponse = super().user_change_password(request, *args, **kwargs)
        keep_earlier_credential(request, before)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if not change:
            created = user_register(
                username=data["username"], nickname=data["nickname"], password=data["password1"], allow_reserved=True
            )
            obj.pk, obj.password = created.pk, created.password
            return
        user_update(user_id=obj.pk, nickname=data["nickname"], phone_number=data["phone_number"], email=data["email"])
        if request.user.is_superuser:
            user_roles_set(
                user_id=obj.pk,
                is_staff=data["is_staff"],
                is_superuser=data["is_superuser"],
                groups=data["groups"],
                permissions=data["user_permissions"],
            )
