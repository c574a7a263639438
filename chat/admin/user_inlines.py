"""Tabs of a user's page in the admin: memberships, devices, notifications and restrictions. They are read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from accounts.admin.base import ReadOnlyMixin
from accounts.models import Device
from chat.admin.display import channel_link, format_time
from chat.admin.queries import channel_titles
from chat.models import MailDigest, Membership, PushSubscription, Restriction


class _UserInline(ReadOnlyMixin, TabularInline):  # type: ignore[misc]
    tab = True
    hide_title = True
    per_page = 20
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may see the user's page, which it is part of."""
        return bool(request.user.has_perm("accounts.view_user"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeviceInline(_UserInline):
    """Lists the user's browser sessions and tokens."""

    model = Device
    fk_name = "user"
    verbose_name_plural = _("devices")
    fields = readonly_fields = ("kind", "name", "app", "address", "created_at", "last_seen_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        found: QuerySet[Device] = super().get_queryset(request)
        return found.select_related("app").order_by("-last_seen_at", "-pk")


class PushSubscriptionInline(_UserInline):
    """Lists the browsers that notify the user while no page is open, without endpoints and keys."""

    model = PushSubscription
    fk_name = "user"
    verbose_name_plural = _("notifications")
    fields = readonly_fields = (
        "device", "direct", "mentions", "threads", "everything", "shows_text", "created_at", "succeeded_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[PushSubscription]:
        found: QuerySet[PushSubscription] = super().get_queryset(request)
        return found.select_related("device").order_by("-pk")


class _TitledMemberships(PaginationInlineFormSet):  # type: ignore[misc]
    """A page of memberships; two queries load the titles of all its channels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(self.get_queryset())
        titles = channel_titles([row.channel for row in rows])
        for row in rows:
            row.title = titles[row.channel_id]


class MembershipInline(_UserInline):
    """Lists the channels that the user is a member of."""

    model = Membership
    formset = _TitledMemberships
    verbose_name_plural = _("memberships")
    fields = readonly_fields = ("channel_title", "role", "last_activity")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        found: QuerySet[Membership] = super().get_queryset(request)
        return found.filter(until_position=None).select_related("channel").order_by("-channel__active_at", "-pk")

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("last activity"))
    def last_activity(self, row: Membership) -> str | None:
        return format_time(row.channel.active_at)


class RestrictionInline(_UserInline):
    """Lists the user's mutes and bans."""

    model = Restriction
    fk_name = "user"
    verbose_name_plural = _("mutes and bans")
    fields = readonly_fields = ("kind", "scope", "until", "reason", "created_by", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restriction]:
        found: QuerySet[Restriction] = super().get_queryset(request)
        return found.select_related("channel", "created_by").order_by("-created_at", "-pk")

    @admin.display(description=_("channel"))
    def scope(self, row: Restriction) -> str:
        return str(row.channel) if row.channel is not None else gettext("all channels")


class MailDigestInline(_UserInline):
    """Shows whether the user gets mails of missed messages, and the mail server's refusal of their address."""

    model = MailDigest
    fk_name = "user"
    verbose_name_plural = _("mails of missed messages")
    fields = readonly_fields = ("hours", "last_mail", "next_mail", "attempts", "failure")
    ordering = ("pk",)

    @admin.display(description=_("last mail"))
    def last_mail(self, row: MailDigest) -> str | None:
        return format_time(row.sent_at)

    @admin.display(description=_("next mail"))
    def next_mail(self, row: MailDigest) -> str | None:
        return format_time(row.due_at)
