"""Tokens that let people in, and sign-in locks that keep them out. Neither is made by hand."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from knox.models import AuthToken
from social_django.models import Association, Nonce, UserSocialAuth

from accounts.actions import sign_in_unlock, token_revoke
from accounts.admin.base import ActionAdmin, ReadOnly
from accounts.credentials import token_credential

admin.site.unregister(AuthToken)
# Links with other sites are shown with their person; the rest is that library's own book-keeping.
admin.site.unregister([UserSocialAuth, Nonce, Association])


@admin.register(AuthToken)
class TokenAdmin(ReadOnly, ActionAdmin):
    """The tokens themselves are not kept, so nobody can read them here."""

    list_display = ("user", "created", "expiry")
    list_display_links = None
    search_fields = ("user__username_key", "user__nickname_key")
    fields = ("user", "created", "expiry")
    ordering = ("-created",)
    actions = ("revoke",)

    @admin.action(description="Revoke: close the connections made by it", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        done = self.try_each(
            request,
            queryset,
            lambda token: token_revoke(user_id=token.user_id, credential=token_credential(token.digest)),
        )
        self.message_user(request, f"{done} revoked.")


@admin.register(AccessAttempt)
class LockAdmin(ReadOnly, ActionAdmin):
    """Failed sign-ins by name and address. After IM_LOGIN_FAILURES the name is locked from there."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    list_display_links = None
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    actions = ("unlock",)

    @admin.action(description="Unlock", permissions=["act"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        done = self.try_each(
            request,
            queryset,
            lambda attempt: sign_in_unlock(username=attempt.username, address=attempt.ip_address),
        )
        self.message_user(request, f"{done} unlocked.")
