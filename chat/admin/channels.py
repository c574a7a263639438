"""Channels in the admin, with who is and was in them. They can be closed and reopened, by an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.admin.base import ReadOnly
from accounts.models import User
from chat.actions.channel import channel_set_closed
from chat.actions.member import member_set_role_as_operator
from chat.actions.moderation import person_ban, person_mute
from chat.actions.policy import channel_set_policy_as_operator, channel_set_retention, channel_transfer_as_operator
from chat.admin.base import ChatAdmin
from chat.admin.deeds import Deed
from chat.admin.forms import MemberForm, RestrictMemberForm, RoleForm, policy_form
from chat.admin.reads import channel_titles, channels_called, member_counts, moment, person_link, stays_by_presence
from chat.admin.timeline import newest_in, pinned_in, timeline
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


def _set_policy(operator: User, channel: Channel, *, retention_days: int | None, **changes: Any) -> None:
    if changes:
        channel_set_policy_as_operator(operator=operator, channel_id=channel.pk, **changes)
    channel_set_retention(channel_id=channel.pk, days=retention_days)


POLICY = Deed(
    name="policy",
    title="Set policy",
    meaning="Who may join, what is read, who speaks how often, and for how long it is kept. Members are told; it holds "
    "from the next message on.",
    done="changed",
    applies=lambda channel: True,
    act=_set_policy,
    form=policy_form,
    icon="tune",
)
TRANSFER = Deed(
    name="transfer",
    title="Transfer ownership",
    meaning="The group is this member's from now on. Who owned it stays as an admin.",
    done="transferred",
    applies=lambda channel: channel.kind == Channel.Kind.PUBLIC,
    act=lambda operator, channel, member: channel_transfer_as_operator(
        operator=operator, channel_id=channel.pk, person_id=member.pk
    ),
    form=lambda channel, typed: MemberForm(channel, typed),
    icon="key",
)
ROLE = Deed(
    name="role",
    title="Give a member a role",
    meaning="Admins invite, remove, mute and pin, and set what holds in the group. It holds at once; members are told.",
    done="changed",
    applies=lambda channel: channel.kind == Channel.Kind.PUBLIC,
    act=lambda operator, channel, member, role: member_set_role_as_operator(
        operator=operator, channel_id=channel.pk, person_id=member.pk, role=role
    ),
    form=lambda channel, typed: RoleForm(channel, typed),
    icon="manage_accounts",
)
BAN_MEMBER = Deed(
    name="ban",
    title="Ban a member",
    meaning="They are removed, read nothing of the group any more, and cannot come back until the ban ends.",
    done="banned",
    applies=lambda channel: channel.kind == Channel.Kind.PUBLIC,
    act=lambda operator, channel, member, **given: person_ban(
        operator=operator, person_id=member.pk, channel_id=channel.pk, **given
    ),
    form=lambda channel, typed: RestrictMemberForm(channel, typed),
    permission="chat.add_restriction",
    icon="block",
)
MUTE_MEMBER = Deed(
    name="mute",
    title="Mute a member",
    meaning="They still read the group, and write nothing in it until the mute ends.",
    done="muted",
    applies=lambda channel: channel.kind == Channel.Kind.PUBLIC,
    act=lambda operator, channel, member, **given: person_mute(
        operator=operator, person_id=member.pk, channel_id=channel.pk, **given
    ),
    form=lambda channel, typed: RestrictMemberForm(channel, typed),
    permission="chat.add_restriction",
    icon="volume_off",
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
    list_filter = ("kind", "join", "listed", "closed", "announcements_only")
    search_fields = ("name",)
    search_help_text = "Name or number"
    ordering = ("-active_at", "-pk")
    sortable_by = ("number", "last_seq", "last_activity")
    deeds = (CLOSE, REOPEN)
    page_deeds = (POLICY, TRANSFER, ROLE, MUTE_MEMBER, BAN_MEMBER, CLOSE, REOPEN)
    fieldsets = (
        (None, {"fields": ("title", "number", "kind", "app", "state", "members", "last_activity")}),
        ("Policy", {"fields": ("join", "listed", "history", "announcements_only", "slow_mode", "kept")}),
        ("Messages", {"fields": ("last_seq", "cut_seq", "pinned", "timeline")}),
    )
    readonly_fields = (
        "title", "number", "kind", "app", "state", "members", "last_activity", "join", "listed", "history",
        "announcements_only", "slow_mode", "kept", "last_seq", "cut_seq", "pinned", "timeline",
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
        return f"{row.shown_title} ({row.get_kind_display()}, number {row.pk})"

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

    @admin.display(description="kept for")
    def kept(self, row: Channel) -> str:
        days = settings.IM_RETENTION_DAYS if row.retention_days is None else row.retention_days
        told = f"{days} days" if days else "good"
        return told if row.retention_days is not None else f"{told}, as the site has it"

    @admin.display(description="pinned")
    def pinned(self, row: Channel) -> str:
        return timeline(pinned_in(row))

    @admin.display(description="newest messages")
    def timeline(self, row: Channel) -> str:
        """The end of the conversation; all of it is in the list of messages."""
        url = reverse("admin:chat_message_changelist", query={"q": f"in:{row.pk}"})
        return timeline(newest_in(row), all_of_it=url)
