"""Channels in the admin, with their members and messages. Admin actions change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.admin.base import ReadOnlyMixin
from chat.admin.base import ReadOnlyTableAdmin, Status
from chat.admin.channel_actions import BAN_MEMBER, CLOSE, MUTE_MEMBER, REOPEN, ROLE, SETTINGS, TRANSFER
from chat.admin.display import format_time, user_link
from chat.admin.queries import channel_titles, channels_matching, member_counts, order_memberships
from chat.admin.storage_use import cached_storage_use
from chat.admin.timeline import newest_messages, pinned_messages, render_timeline
from chat.models import Channel, Membership


class MembershipInline(ReadOnlyMixin, TabularInline):  # type: ignore[misc]
    """Lists a channel's membership intervals. A member who left and returned has several."""

    model = Membership
    verbose_name_plural = _("members")
    tab = True
    hide_title = True
    per_page = 50
    extra = 0
    fields = ("member", "role", "status", "message_range")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return order_memberships(super().get_queryset(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may see the channel's page, which it is part of."""
        return bool(request.user.has_perm("chat.view_channel"))

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    @admin.display(description=_("member"))
    def member(self, membership: Membership) -> str:
        return user_link(membership.user)

    @admin.display(description=_("status"))
    def status(self, membership: Membership) -> str:
        return gettext("member") if membership.until_position is None else gettext("former member")

    @admin.display(description=_("messages"))
    def message_range(self, membership: Membership) -> str:
        """Return the sequence numbers of the messages sent during the membership."""
        if membership.until_seq is None:
            return gettext("since %(first)d") % {"first": membership.from_seq}
        if membership.until_seq < membership.from_seq:
            return gettext("none")
        return f"{membership.from_seq}–{membership.until_seq}"


@admin.register(Channel)
class ChannelAdmin(ReadOnlyTableAdmin):
    """Lists channels. A search finds parts of names, and numbers."""

    list_display = (
        "title", "number", "kind", "join", "listed", "status", "members", "message_count", "storage", "last_activity",
    )  # fmt: skip
    list_filter = ("kind", "join", "listed", "closed", "announcements_only")
    search_fields = ("name",)
    search_help_text = _("Name or number")
    ordering = ("-active_at", "-pk")
    sortable_by = ("number", "message_count", "last_activity")
    list_actions = (CLOSE, REOPEN)
    page_actions = (SETTINGS, ROLE, TRANSFER, MUTE_MEMBER, BAN_MEMBER, CLOSE, REOPEN)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "number",
                    "image",
                    "kind",
                    "app",
                    "topic",
                    "description",
                    "status",
                    "members",
                    "last_activity",
                )
            },
        ),
        (
            _("Settings"),
            {"fields": ("join", "listed", "history", "announcements_only", "slow_mode", "previews", "retention")},
        ),
        (_("Messages"), {"fields": ("message_count", "deleted_count", "storage", "pinned", "newest")}),
    )
    readonly_fields = (
        "title", "number", "image", "kind", "app", "topic", "description", "status", "members", "last_activity", "join",
        "listed", "history", "announcements_only", "slow_mode", "previews", "retention", "message_count",
        "deleted_count", "storage", "pinned", "newest",
    )  # fmt: skip
    inlines = (MembershipInline,)

    def get_inlines(self, request: HttpRequest, obj: Channel | None) -> tuple[type[MembershipInline], ...]:
        """Return no list of members for a global channel: all users of its app belong to it."""
        return () if obj is not None and obj.kind == Channel.Kind.GLOBAL else self.inlines

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Channel], search_term: str
    ) -> tuple[QuerySet[Channel], bool]:
        term = search_term.strip()
        return (queryset.filter(channels_matching(term)) if term else queryset), False

    def load_display_data(self, rows: Sequence[Any]) -> None:
        counts = member_counts([row.pk for row in rows if row.kind != Channel.Kind.GLOBAL])
        titles = channel_titles(rows, counts)
        stored = cached_storage_use().by_channel
        for row in rows:
            row.stored_bytes = stored.get(row.pk, 0)
            row.display_title = titles[row.pk]
            row.member_count = None if row.kind == Channel.Kind.GLOBAL else counts.get(row.pk, 0)

    def describe(self, row: Any) -> str:
        return gettext("%(name)s (%(kind)s, number %(number)d)") % {
            "name": row.display_title,
            "kind": row.get_kind_display(),
            "number": row.pk,
        }

    @admin.display(description=_("name"))
    def title(self, row: Any) -> str:
        return str(row.display_title)

    @admin.display(description=_("picture"))
    def image(self, row: Channel) -> str | None:
        """Return the group's picture."""
        if not row.picture:
            return None
        return format_html('<img src="{}" alt="" width="64" height="64" class="rounded">', row.picture)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, row: Channel) -> str:
        return str(row.pk)

    @display(description=_("status"), label={"closed": "danger", "open": "success"})  # type: ignore[untyped-decorator]
    def status(self, row: Channel) -> Status:
        return Status("closed", gettext("closed")) if row.closed else Status("open", gettext("open"))

    @admin.display(description=_("members"))
    def members(self, row: Any) -> int | None:
        """Return the number of members; None for a global channel."""
        count: int | None = row.member_count
        return count

    @admin.display(description=_("last activity"), ordering="active_at")
    def last_activity(self, row: Channel) -> str | None:
        return format_time(row.active_at)

    @admin.display(description=_("link previews"), boolean=True)
    def previews(self, row: Channel) -> bool:
        return row.shows_link_previews

    @admin.display(description=_("retention"))
    def retention(self, row: Channel) -> str:
        days = settings.IM_RETENTION_DAYS if row.retention_days is None else row.retention_days
        period = gettext("%(days)d days") % {"days": days} if days else gettext("forever")
        return period if row.retention_days is not None else gettext("%(period)s (site default)") % {"period": period}

    @admin.display(description=_("messages"), ordering="last_seq")
    def message_count(self, row: Channel) -> int:
        return row.last_seq

    @admin.display(description=_("storage"))
    def storage(self, row: Any) -> str | None:
        """Return the size of the channel's files."""
        return filesizeformat(row.stored_bytes) if row.stored_bytes else None

    @admin.display(description=_("deleted by retention"))
    def deleted_count(self, row: Channel) -> int:
        return row.purged_seq

    @admin.display(description=_("pinned messages"))
    def pinned(self, row: Channel) -> str:
        return render_timeline(pinned_messages(row))

    @admin.display(description=_("newest messages"))
    def newest(self, row: Channel) -> str:
        url = reverse("admin:chat_message_changelist", query={"q": f"in:{row.pk}"})
        return render_timeline(newest_messages(row), list_url=url)
