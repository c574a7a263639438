"""Reported messages: a queue in which each stands with what was said around it, and one click acts."""

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

from accounts.models import User
from chat.actions.report import Verdict, report_handle
from chat.admin.admin_actions import AdminAction, Text
from chat.admin.base import ChatAdmin
from chat.admin.queries import channel_link, channel_titles, person_link
from chat.admin.timeline import around, timeline
from chat.models import Report


def _verdict(verdict: Verdict, title: Text, meaning: Text, icon: str, *, days: int | None = None) -> AdminAction:
    def act(operator: User, report: Report) -> object:
        until = timezone.now() + timedelta(days=days) if days else None
        return report_handle(operator=operator, report_id=report.pk, verdict=verdict, until=until)

    return AdminAction(
        name=verdict,
        title=title,
        meaning=meaning,
        done=_("%(count)d closed."),
        applies=lambda report: report.state == Report.State.OPEN,
        act=act,
        icon=icon,
        about=_about,
    )


def _about(report: Report) -> dict[str, str]:
    """What the record says of a report besides: it is all that is kept of why."""
    return {
        "Message": f"{report.message} of {report.message.sender}",
        "Reported by": str(report.reporter),
        "Reason": report.reason,
    }


VERDICTS = (
    _verdict("dismiss", _("Dismiss"), _("Nothing is wrong with the message."), "check"),
    _verdict("recall", _("Recall"), _("The message is deleted for good."), "delete"),
    _verdict(
        "recall_mute",
        _("Recall, mute for a day"),
        _("The message is deleted for good, and who wrote it says nothing more in that channel for a day."),
        "volume_off",
        days=1,
    ),
    _verdict(
        "recall_ban",
        _("Recall, ban for a week"),
        _(
            "The message is deleted for good, and who wrote it is kept out for a week: of the group, or if it was not "
            "said in a group, of the site."
        ),
        "block",
        days=7,
    ),
)


@admin.register(Report)
class ReportAdmin(ChatAdmin):
    """The oldest open one first; a verdict closes all reports about the same message."""

    list_display = ("reported", "who", "complaint")
    list_display_links = ("reported",)
    list_filter = ("state",)
    search_fields = ("message__sender__username_key", "reporter__username_key")
    search_help_text = _("User name of the author or of who reported it")
    # The open ones come first by the alphabet: ACTED, DISMISSED, OPEN.
    ordering = ("-state", "created_at")
    sortable_by = ()
    list_per_page = 20
    deeds = VERDICTS
    page_deeds = VERDICTS
    fields = (
        "outcome", "created_at", "reporter_link", "reason", "text", "author", "channel_title", "context",
        "handled_by", "handled_at",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        found: QuerySet[Report] = super().get_queryset(request)
        return found.select_related("message__sender", "message__channel", "reporter", "handled_by")

    def complete(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.message.channel for row in rows})
        contexts = around([row.message for row in rows])
        for row in rows:
            row.title, row.around = titles[row.message.channel_id], contexts[row.message_id]

    def after(self, request: HttpRequest, deed: AdminAction, row: Any) -> HttpResponse:
        """On to the next one."""
        return HttpResponseRedirect(reverse("admin:chat_report_changelist"))

    def describe(self, row: Any) -> str:
        return gettext("%(name)s in %(channel)s: %(text)s") % {
            "name": row.message.sender.nickname,
            "channel": row.title,
            "text": row.text[:80],
        }

    @admin.display(description=_("state"))
    def outcome(self, row: Report) -> str:
        return row.get_state_display()

    @admin.display(description=_("reported at"))
    def reported(self, row: Report) -> str:
        return f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"

    @admin.display(description=_("who"))
    def who(self, row: Any) -> str:
        context = {"report": row, "author": self.author(row), "reporter": person_link(row.reporter)}
        return render_to_string("admin/chat/report_who.html", context | {"channel": self.channel_title(row)})

    @admin.display(description=_("said, among what else"))
    def complaint(self, row: Any) -> str:
        return render_to_string("admin/chat/report_said.html", {"report": row, "context": self.context(row)})

    @admin.display(description=_("act"))
    def deal(self, row: Report) -> str:
        """Buttons of the list's own form, which has the token against forgery; each sends itself and nothing else."""
        if row.state != Report.State.OPEN:
            state: str = row.get_state_display()
            if row.handled_by is None:
                return state
            return gettext("%(deed)s by %(who)s") % {"deed": state, "who": row.handled_by}
        return render_to_string("admin/chat/report_deal.html", {"report": row, "verdicts": VERDICTS})

    @admin.display(description=_("reported by"))
    def reporter_link(self, row: Report) -> str:
        return person_link(row.reporter)

    @admin.display(description=_("said by"))
    def author(self, row: Report) -> str:
        return person_link(row.message.sender)

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.message.channel, row.title)

    @admin.display(description=_("context"))
    def context(self, row: Any) -> str:
        return timeline(row.around, marked=row.message_id)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Who may not act sees no buttons, only what became of it."""
        last = "deal" if self.has_operate_permission(request) else "outcome"
        return (*self.list_display, last)
