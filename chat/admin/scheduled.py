"""Scheduled messages in the admin, the next one first. They are read-only; an admin action cancels them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.bidi import isolate
from chat.actions.scheduled import scheduled_cancel
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ReadOnlyTableAdmin, Status
from chat.admin.display import channel_link, format_time, user_link
from chat.admin.queries import channel_titles, ids_or_subquery, users_named
from chat.models import ScheduledMessage

CANCEL = AdminAction(
    name="cancel",
    title=_("Cancel scheduled message"),
    description=_("The message will not be sent. Its files are deleted, and its user sees it no more."),
    success=_("%(count)d cancelled."),
    applies_to=lambda row: row.state != ScheduledMessage.State.SENDING,
    run=lambda operator, row: scheduled_cancel(user=row.user, scheduled_id=row.pk),
)


@admin.register(ScheduledMessage)
class ScheduledMessageAdmin(ReadOnlyTableAdmin):
    """Lists messages that wait for their time, and those that were refused then. A search takes the names of users."""

    list_display = ("due", "excerpt", "user_name", "place", "status")
    list_display_links = ("due",)
    search_fields = ("user__username_key",)
    search_help_text = _("Username")
    ordering = ("due_at",)
    sortable_by = ()
    list_actions = (CANCEL,)
    page_actions = (CANCEL,)
    fields = ("due", "content", "user_name", "place", "created", "status")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduledMessage]:
        found: QuerySet[ScheduledMessage] = super().get_queryset(request)
        return found.select_related("user", "channel")

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[ScheduledMessage], search_term: str
    ) -> tuple[QuerySet[ScheduledMessage], bool]:
        term = search_term.strip()
        return (queryset.filter(user__in=ids_or_subquery(users_named(term))) if term else queryset), False

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows})
        for row in rows:
            row.title = titles[row.channel_id]

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:chat_scheduledmessage_changelist"))

    def describe(self, row: ScheduledMessage) -> str:
        return f"{isolate(row.user.nickname)}, {format_time(row.due_at)}"

    @admin.display(description=_("Send at"))
    def due(self, row: ScheduledMessage) -> str | None:
        return format_time(row.due_at)

    @admin.display(description=_("text"))
    def excerpt(self, row: ScheduledMessage) -> str:
        return isolate(Truncator(row.text).chars(80)) or "–"

    @admin.display(description=_("text"))
    def content(self, row: ScheduledMessage) -> str:
        return row.text or "–"

    @admin.display(description=_("user"))
    def user_name(self, row: ScheduledMessage) -> str:
        return user_link(row.user)

    @admin.display(description=_("channel"))
    def place(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("created at"))
    def created(self, row: ScheduledMessage) -> str | None:
        return format_time(row.created_at)

    @display(description=_("status"), label={"waiting": "info", "sending": "warning", "failed": "danger"})  # type: ignore[untyped-decorator]
    def status(self, row: ScheduledMessage) -> Status:
        names = {"waiting": gettext("scheduled"), "sending": gettext("being sent"), "failed": gettext("not sent")}
        return Status(row.state, names[row.state])
