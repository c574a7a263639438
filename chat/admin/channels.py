"""Channels in the admin, with who is and was in them. They can be closed and reopened, by an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import action, display

from accounts.admin.base import ReadOnly
from chat.actions.channel import channel_set_closed
from chat.admin.base import ChatAdmin, Deed
from chat.admin.reads import channel_titles, channels_called, member_counts, moment, person_link, stays_by_presence
from chat.models import Channel, Membership

CLOSE = Deed(
    name="close",
    title="Close channel",
    meaning="Nothing more can be said in a closed channel. Its members still read it.",
    done="closed",
    applies=lambda channel: not channel.closed,
    act=lambda operator, channel: channel_set_closed(operator=operator, channel_id=channel.pk, closed=True),
)
REOPEN = Deed(
    name="reopen",
    title="Reopen channel",
    meaning="Its members can write in the channel again.",
    done="reopened",
    applies=lambda channel: channel.closed,
    act=lambda operator, channel: channel_set_closed(operator=operator, channel_id=channel.pk, closed=False),
)


class StayInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """Each stay of each member; who came back has several."""

    model = Membership
    verbose_name_plural = "members"
    tab = True
    hide_title = True
    per_page = 50
    extra = 0
    fields = ("person", "role", "stay", "said_meanwhile")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return stays_by_presence(super().get_queryset(request))

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    @admin.display(description="person")
    def person(self, stay: Membership) -> str:
        return person_link(stay.user)

    @admin.display(description="stay")
    def stay(self, stay: Membership) -> str:
        return "there now" if stay.until_position is None else "ended"

    @admin.display(description="messages meanwhile")
    def said_meanwhile(self, stay: Membership) -> str:
        """The numbers of what was said in the channel while they were there."""
        if stay.until_seq is None:
            return f"from {stay.from_seq} on"
        return f"{stay.from_seq} to {stay.until_seq}" if stay.until_seq >= stay.from_seq else "none"


@admin.register(Channel)
class ChannelAdmin(ChatAdmin):
    """Search: part of the name, or the number."""

    list_display = (
        "title", "number", "kind", "join", "listed", "state", "members", "last_seq", "last_activity",
    )  # fmt: skip
    list_filter = ("kind", "join", "listed", "closed")
    search_fields = ("name",)
    search_help_text = "Name or number"
    ordering = ("-active_at", "-pk")
    sortable_by = ("number", "last_seq", "last_activity")
    actions = ("close_selected", "reopen_selected")
    actions_detail = ("close_this", "reopen_this")
    fields = (
        "title", "number", "kind", "app", "join", "listed", "state", "members", "last_seq", "last_activity",
        "messages",
    )  # fmt: skip
    readonly_fields = fields
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
        return f"{row.shown_title} ({row.get_kind_display()}, number {row.pk})"

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Of the two, the one that would do something."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        channel = self.bare(request, object_id)
        if channel is None:
            return []
        return [one for one in offered if one.path == (REOPEN if channel.closed else CLOSE).name]

    @admin.action(description=CLOSE.title, permissions=["operate"])
    def close_selected(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        return self.selected(request, queryset, CLOSE)

    @admin.action(description=REOPEN.title, permissions=["operate"])
    def reopen_selected(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        return self.selected(request, queryset, REOPEN)

    @action(description=CLOSE.title, url_path="close", permissions=["operate"])  # type: ignore[untyped-decorator]
    def close_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.single(request, object_id, CLOSE)

    @action(description=REOPEN.title, url_path="reopen", permissions=["operate"])  # type: ignore[untyped-decorator]
    def reopen_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.single(request, object_id, REOPEN)

    @admin.display(description="name")
    def title(self, row: Any) -> str:
        return str(row.shown_title)

    @admin.display(description="number", ordering="pk")
    def number(self, row: Channel) -> str:
        return str(row.pk)

    @display(description="state", label={"closed": "danger", "open": "success"})  # type: ignore[untyped-decorator]
    def state(self, row: Channel) -> str:
        return "closed" if row.closed else "open"

    @admin.display(description="members")
    def members(self, row: Any) -> int | None:
        """None for a global channel: whoever is on its app."""
        count: int | None = row.member_count
        return count

    @admin.display(description="last activity (UTC)", ordering="active_at")
    def last_activity(self, row: Channel) -> str | None:
        return moment(row.active_at)

    @admin.display(description="messages")
    def messages(self, row: Channel) -> str:
        url = reverse("admin:chat_message_changelist", query={"q": f"in:{row.pk}"})
        return format_html('<a href="{}" class="text-link">Its messages</a>', url)
