"""Sign-in locks, which keep people out who tried too many passwords."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from social_django.models import Association, Nonce, UserSocialAuth

from accounts.actions import sign_in_unlock
from accounts.admin.base import ActionAdmin, ReadOnly

# Links with other sites are shown with their person; the rest is that library's own book-keeping.
admin.site.unregister([UserSocialAuth, Nonce, Association])


@admin.register(AccessAttempt)
class LockAdmin(ReadOnly, ActionAdmin):
    """Failed sign-ins by name and address. After IM_LOGIN_MAX_FAILURES the name is locked from there."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    list_display_links = None
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    actions = ("unlock",)

    @admin.action(description=_("Unlock"), permissions=["act"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        done = self.try_each(
            request,
            queryset,
            lambda attempt: sign_in_unlock(username=attempt.username, address=attempt.ip_address),
        )
        self.message_user(request, gettext("%(count)d unlocked.") % {"count": done})
