"""Reported messages: a queue that shows each message in its context, and handles it with one click."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.bidi import isolate
from accounts.models import User
from chat.actions.report import Verdict, report_handle, reported_text
from chat.admin.admin_actions import AdminAction, Text
from chat.admin.base import ReadOnlyTableAdmin
from chat.admin.display import channel_link, user_link
from chat.admin.queries import channel_titles
from chat.admin.timeline import message_contexts, render_timeline
from chat.models import Report


def _verdict_action(
    verdict: Verdict, title: Text, description: Text, icon: str, *, days: int | None = None
) -> AdminAction:
    def run(operator: User, report: Report) -> object:
        until = timezone.now() + timedelta(days=days) if days else None
        return report_handle(operator=operator, report_id=report.pk, verdict=verdict, until=until)

    return AdminAction(
        name=verdict,
        title=title,
        description=description,
        success=_("%(count)d closed."),
        applies_to=lambda report: report.state == Report.State.OPEN,
        run=run,
        icon=icon,
        audit_details=_audit_details,
    )


def _audit_details(report: Report) -> dict[str, str]:
    """Return the details of a report for the audit log, as the reason for the action."""
    return {
        "Message": f"{report.message} of {report.message.sender}",
        "Reported by": str(report.reporter),
        "Report reason": report.reason,
    }


VERDICTS = (
    _verdict_action("dismiss", _("Dismiss"), _("Nothing is done about the message."), "check"),
    _verdict_action("recall", _("Recall"), _("The message is deleted permanently."), "delete"),
    _verdict_action(
        "recall_mute",
        _("Recall and mute for 1 day"),
        _("The message is deleted permanently. Its author cannot send in the channel for 1 day."),
        "volume_off",
        days=1,
    ),
    _verdict_action(
        "recall_ban",
        _("Recall and ban for 7 days"),
        _(
            "The message is deleted permanently. Its author is banned for 7 days: from the group, or from the site if "
            "the channel is not a group."
        ),
        "block",
        days=7,
    ),
)


@admin.register(Report)
class ReportAdmin(ReadOnlyTableAdmin):
    """Lists reports, open ones first, oldest first. A verdict closes all reports of the same message."""

    list_display = ("reported_at", "details", "conversation")
    list_display_links = ("reported_at",)
    list_filter = ("state",)
    search_fields = ("message__sender__username_key", "reporter__username_key")
    search_help_text = _("Username of the author or of the reporter")
    # Alphabetically, OPEN comes after ACTED and DISMISSED.
    ordering = ("-state", "created_at")
    sortable_by = ()
    list_per_page = 20
    list_actions = VERDICTS
    page_actions = VERDICTS
    fields = (
        "status", "created_at", "reporter_link", "reason", "text", "author", "channel_title", "context",
        "handled_by", "handled_at",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        found: QuerySet[Report] = super().get_queryset(request)
        return found.select_related("message__sender", "message__channel", "reporter", "handled_by")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns; the last has buttons for operators who may act, and the status for others."""
        return (*self.list_display, "verdicts" if self.has_operate_permission(request) else "status")

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.message.channel for row in rows})
        contexts = message_contexts([row.message for row in rows])
        for row in rows:
            row.title, row.message_context = titles[row.message.channel_id], contexts[row.message_id]

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        """Return to the queue, for the next report."""
        return HttpResponseRedirect(reverse("admin:chat_report_changelist"))

    def describe(self, row: Any) -> str:
        return gettext("%(name)s in %(channel)s: %(text)s") % {
            "name": isolate(row.message.sender.nickname),
            "channel": isolate(row.title),
            "text": isolate(row.text[:80]),
        }

    @admin.display(description=_("status"))
    def status(self, row: Report) -> str:
        return row.get_state_display()

    @admin.display(description=_("reported at"))
    def reported_at(self, row: Report) -> str:
        return f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"

    @admin.display(description=_("details"))
    def details(self, row: Any) -> str:
        context = {
            "report": row,
            "author": self.author(row),
            "channel": self.channel_title(row),
            "reporter": user_link(row.reporter),
        }
        return render_to_string("admin/chat/report_details.html", context)

    @admin.display(description=_("message"))
    def conversation(self, row: Any) -> str:
        text = reported_text(row.message)
        context = {"report": row, "context": self.context(row), "is_changed": row.text != text}
        return render_to_string("admin/chat/report_message.html", context)

    @admin.display(description=_("action"))
    def verdicts(self, row: Report) -> str:
        """Return the buttons of an open report. They submit the list's own form, which has the CSRF token."""
        if row.state == Report.State.OPEN:
            return render_to_string("admin/chat/report_verdicts.html", {"report": row, "verdicts": VERDICTS})
        status: str = row.get_state_display()
        if row.handled_by is None:
            return status
        return gettext("%(status)s by %(who)s") % {"status": status, "who": row.handled_by}

    @admin.display(description=_("reported by"))
    def reporter_link(self, row: Report) -> str:
        return user_link(row.reporter)

    @admin.display(description=_("author"))
    def author(self, row: Report) -> str:
        return user_link(row.message.sender)

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.message.channel, row.title)

    @admin.display(description=_("context"))
    def context(self, row: Any) -> str:
        return render_timeline(row.message_context, highlighted=row.message_id)
