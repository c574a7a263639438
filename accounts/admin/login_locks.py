"""Sign-in locks: names that are locked after too many failed sign-ins."""

from __future__ import annotations

import social_django.admin  # noqa: F401  Registers what is unregistered here.
from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from social_django.models import Association, Nonce, UserSocialAuth

from accounts.actions import sign_in_unlock
from accounts.admin.base import ReadOnlyMixin, SiteModelAdmin
from accounts.admin.model_translations import name_model

name_model(AccessAttempt, "sign-in lock", "sign-in locks")
# A user's page shows the OAuth links; the other rows are internal to the library.
admin.site.unregister([UserSocialAuth, Nonce, Association])


@admin.register(AccessAttempt)
class SignInLockAdmin(ReadOnlyMixin, SiteModelAdmin):
    """Lists failed sign-ins by name and IP address. IM_LOGIN_MAX_FAILURES of them lock the name from that address."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    list_display_links = None
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    actions = ("unlock",)

    @admin.action(description=_("Unlock"), permissions=["act"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        count = self.run_for_each(
            request,
            queryset,
            lambda attempt: sign_in_unlock(username=attempt.username, address=attempt.ip_address),
        )
        self.message_user(request, gettext("%(count)d unlocked.") % {"count": count})
