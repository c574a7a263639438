"""Users in the admin: the account, memberships, devices and restrictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from accounts.admin.base_user import BaseUserAdmin
from accounts.bidi import isolate
from accounts.models import User
from chat.admin.base import LargeTableAdmin, Status, UncountedPaginator
from chat.admin.queries import users_matching
from chat.admin.storage_use import bytes_by_user
from chat.admin.user_actions import USER_ACTIONS
from chat.admin.user_inlines import (
    DeviceInline,
    MailDigestInline,
    MembershipInline,
    PushSubscriptionInline,
    RestrictionInline,
)
from chat.models import Restriction, SavedMessage


@admin.register(User)
class UserAdmin(LargeTableAdmin, BaseUserAdmin):
    """Lists users. A search finds parts of names, phone numbers and email addresses, pinyin, and ids."""

    list_display = ("username", "nickname", "kind", "status", "is_staff", "storage", "date_joined", "last_login")
    list_filter: ClassVar[tuple[str, ...]] = ("kind", "is_active", "is_restricted", "is_staff", "is_superuser")
    search_fields = ("username_key",)
    search_help_text = _("Username, nickname (or its pinyin), phone number, email address or id")
    # Sorting by other columns would read the whole table.
    sortable_by = ("username", "date_joined")
    paginator = UncountedPaginator  # type: ignore[misc]
    actions = ()
    list_actions = USER_ACTIONS
    page_actions = USER_ACTIONS
    not_modifiable_text = _("Staff are managed by superusers only.")
    inlines = (MembershipInline, DeviceInline, PushSubscriptionInline, MailDigestInline, RestrictionInline)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return found if obj is None else [*found, (_("Messages"), {"fields": ("saved_messages",)})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        found = super().get_readonly_fields(request, obj)
        return found if obj is None else (*found, "saved_messages")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        site_wide = Restriction.objects.filter(user=OuterRef("pk"), channel=None)
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(
            is_muted=Exists(site_wide.filter(kind=Restriction.Kind.MUTE)),
            is_banned=Exists(site_wide.filter(kind=Restriction.Kind.BAN)),
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LargeTableAdmin.get_changelist(self, request, **kwargs)

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        term = search_term.strip()
        return (queryset.filter(users_matching(term)) if term else queryset), False

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple[type[Any], ...]:
        """Return the tabs of a page, and none for a submitted form: they are read-only."""
        return self.inlines if obj is not None and request.method == "GET" else ()

    def can_modify(self, request: HttpRequest, row: User) -> bool:
        """Return whether the operator may act on the user: only superusers act on staff."""
        return bool(request.user.is_superuser) or not (row.is_staff or row.is_superuser)

    def load_display_data(self, rows: Sequence[Any]) -> None:
        stored = bytes_by_user([row.pk for row in rows])
        for row in rows:
            row.stored_bytes = stored.get(row.pk, 0)

    def describe(self, row: User) -> str:
        return f"{isolate(row.nickname)} ({isolate(row.public_name)}, {row.get_kind_display()})"

    @display(
        description=_("status"),
        label={"active": "success", "muted": "warning", "banned": "danger", "deactivated": "danger", "deleted": "info"},
    )  # type: ignore[untyped-decorator]
    def status(self, row: Any) -> Status:
        if row.deleted_at is not None:
            return Status("deleted", gettext("deleted"))
        if not row.is_active:
            if row.is_banned:
                return Status("banned", gettext("banned"))
            return Status("deactivated", gettext("deactivated"))
        return Status("muted", gettext("muted")) if row.is_muted else Status("active", gettext("active"))

    @admin.display(description=_("saved messages"))
    def saved_messages(self, row: User) -> int:
        """Return how many messages the user has saved. Operators do not see which."""
        return SavedMessage.objects.filter(user=row).count()

    @admin.display(description=_("storage"))
    def storage(self, row: Any) -> str | None:
        """Return the size of the user's files."""
        return filesizeformat(row.stored_bytes) if row.stored_bytes else None
