"""Channels in the admin, with who is and was in them. They can be closed and reopened, by an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from chat.admin.base import ChatAdmin, State
from chat.admin.channel_actions import BAN_MEMBER, CLOSE, MUTE_MEMBER, POLICY, REOPEN, ROLE, TRANSFER
from chat.admin.queries import channel_titles, channels_called, member_counts, moment, person_link, stays_by_presence
from chat.admin.timeline import newest_in, pinned_in, timeline
from chat.models import Channel, Membership


class StayInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """Each stay of each member; who came back has several."""

    model = Membership
    verbose_name_plural = _("members")
    tab = True
    hide_title = True
    per_page = 50
    extra = 0
    fields = ("person", "role", "stay", "said_meanwhile")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return stays_by_presence(super().get_queryset(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Part of the channel's page: for who sees that."""
        return bool(request.user.has_perm("chat.view_channel"))

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    @admin.display(description=_("person"))
    def person(self, stay: Membership) -> str:
        return person_link(stay.user)

    @admin.display(description=_("stay"))
    def stay(self, stay: Membership) -> str:
        return gettext("there now") if stay.until_position is None else gettext("ended")

    @admin.display(description=_("messages meanwhile"))
    def said_meanwhile(self, stay: Membership) -> str:
        """The numbers of what was said in the channel while they were there."""
        if stay.until_seq is None:
            return gettext("from %(first)d on") % {"first": stay.from_seq}
        if stay.until_seq < stay.from_seq:
            return gettext("none")
        return f"{stay.from_seq}–{stay.until_seq}"


@admin.register(Channel)
class ChannelAdmin(ChatAdmin):
    """Search: part of the name, or the number."""

    list_display = (
        "title", "number", "kind", "join", "listed", "state", "members", "said", "last_activity",
    )  # fmt: skip
    list_filter = ("kind", "join", "listed", "closed", "announcements_only")
    search_fields = ("name",)
    search_help_text = _("Name or number")
    ordering = ("-active_at", "-pk")
    sortable_by = ("number", "said", "last_activity")
    deeds = (CLOSE, REOPEN)
    page_deeds = (POLICY, ROLE, TRANSFER, MUTE_MEMBER, BAN_MEMBER, CLOSE, REOPEN)
    fieldsets = (
        (None, {"fields": ("title", "number", "kind", "app", "state", "members", "last_activity")}),
        (_("Policy"), {"fields": ("join", "listed", "history", "announcements_only", "slow_mode", "kept")}),
        (_("Messages"), {"fields": ("said", "gone", "pinned", "timeline")}),
    )
    readonly_fields = (
        "title", "number", "kind", "app", "state", "members", "last_activity", "join", "listed", "history",
        "announcements_only", "slow_mode", "kept", "said", "gone", "pinned", "timeline",
    )  # fmt: skip
    inlines = (StayInline,)

    def get_inlines(self, request: HttpRequest, obj: Channel | None) -> tuple[type[StayInline], ...]:
        """Whoever is on the app belongs to its global channel: nobody stays there."""
        return () if obj is not None and obj.kind == Channel.Kind.GLOBAL else self.inlines

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Channel], search_term: str
    ) -> tuple[QuerySet[Channel], bool]:
        term = search_term.strip()
        return (queryset.filter(channels_called(term)) if term else queryset), False

    def complete(self, rows: Sequence[Any]) -> None:
        counts = member_counts([row.pk for row in rows if row.kind != Channel.Kind.GLOBAL])
        titles = channel_titles(rows, counts)
        for row in rows:
            row.shown_title = titles[row.pk]
            row.member_count = None if row.kind == Channel.Kind.GLOBAL else counts.get(row.pk, 0)

    def describe(self, row: Any) -> str:
        return gettext("%(name)s (%(kind)s, number %(number)d)") % {
            "name": row.shown_title,
            "kind": row.get_kind_display(),
            "number": row.pk,
        }

    @admin.display(description=_("name"))
    def title(self, row: Any) -> str:
        return str(row.shown_title)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, row: Channel) -> str:
        return str(row.pk)

    @display(description=_("state"), label={"closed": "danger", "open": "success"})  # type: ignore[untyped-decorator]
    def state(self, row: Channel) -> State:
        return State("closed", gettext("closed")) if row.closed else State("open", gettext("open"))

    @admin.display(description=_("members"))
    def members(self, row: Any) -> int | None:
        """None for a global channel: whoever is on its app."""
        count: int | None = row.member_count
        return count

    @admin.display(description=_("last activity"), ordering="active_at")
    def last_activity(self, row: Channel) -> str | None:
        return moment(row.active_at)

    @admin.display(description=_("messages are kept"))
    def kept(self, row: Channel) -> str:
        days = settings.IM_RETENTION_DAYS if row.retention_days is None else row.retention_days
        told = gettext("for %(days)d days") % {"days": days} if days else gettext("for good")
        return told if row.retention_days is not None else gettext("%(how)s, as the site has it") % {"how": told}

    @admin.display(description=_("messages so far"), ordering="last_seq")
    def said(self, row: Channel) -> int:
        return row.last_seq

    @admin.display(description=_("of them gone for good"))
    def gone(self, row: Channel) -> int:
        """By retention: up to this number."""
        return row.purged_seq

    @admin.display(description=_("pinned"))
    def pinned(self, row: Channel) -> str:
        return timeline(pinned_in(row))

    @admin.display(description=_("newest messages"))
    def timeline(self, row: Channel) -> str:
        """The end of the conversation; all of it is in the list of messages."""
        url = reverse("admin:chat_message_changelist", query={"q": f"in:{row.pk}"})
        return timeline(newest_in(row), all_of_it=url)
