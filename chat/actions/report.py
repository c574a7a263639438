"""Reports: members report a message, moderators handle the report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.message import message_recall_as_operator
from chat.actions.moderation import user_ban, user_mute
from chat.errors import ChatError
from chat.models import Channel, Message, Report
from chat.selectors import access_channel, access_message
from delivery.db.transactions import write

Verdict = Literal["dismiss", "recall", "mute", "recall_mute", "ban", "recall_ban"]
"""Action on the message and its author: `mute` is for the channel, `ban` for the site."""
MAX_STORED_TEXT = 8000
DAY = timedelta(days=1)


def message_report(*, user: User, channel_id: int, message_id: int, reason: str, app: int | None) -> Report:
    """Report a message that the user may read; reporting it again returns the first report.

    Moderators see the message's text at the time of the report.
    """
    reason = rules.check_reason(reason)
    with write():
        access = access_channel(user, channel_id, app=app, lock=True)
        message = access_message(user, access, message_id)
        if message.sender_id == user.pk:
            raise ChatError(reasons.CANNOT_REPORT_YOURSELF)
        if message.recalled_at is not None:
            raise ChatError(reasons.MESSAGE_RECALLED)
        known = Report.objects.filter(message=message, reporter=user).first()
        if known is not None:
            return known
        lately = Report.objects.filter(reporter=user, created_at__gt=timezone.now() - DAY).count()
        if lately >= settings.IM_MAX_REPORTS_PER_DAY:
            raise ChatError(reasons.REPORT_LIMIT_REACHED, limit=settings.IM_MAX_REPORTS_PER_DAY)
        return Report.objects.create(message=message, reporter=user, reason=reason, text=reported_text(message))


def reported_text(message: Message) -> str:
    """Return the text that a report of the message keeps, with the names of its files."""
    text: str = payloads.message(message, message.sender)["msg"]
    return text[:MAX_STORED_TEXT]


def report_handle(*, operator: User, report_id: int, verdict: Verdict, until: datetime | None = None) -> Report:
    """Carry out the verdict on a report and close all open reports of its message.

    A closed report is returned unchanged.

    `until`: the end of the mute or ban; None: permanent.
    """
    report = Report.objects.select_related("message__channel").get(pk=report_id)
    if report.state != Report.State.OPEN:
        return report
    message = report.message
    reason = "A message of theirs was reported."
    # Each step is complete by itself and safe to repeat, so a fault between two steps only leaves the report open.
    if verdict in ("mute", "recall_mute"):
        user_mute(
            operator=operator, user_id=message.sender_id, channel_id=message.channel_id, until=until, reason=reason
        )
    if verdict in ("ban", "recall_ban"):
        channel_id = message.channel_id if message.channel.kind == Channel.Kind.PUBLIC else None
        user_ban(operator=operator, user_id=message.sender_id, channel_id=channel_id, until=until, reason=reason)
    if verdict.startswith("recall"):
        message_recall_as_operator(operator=operator, message_id=message.pk)
    state = Report.State.DISMISSED if verdict == "dismiss" else Report.State.ACTED
    with write():
        Report.objects.filter(message=message, state=Report.State.OPEN).update(
            state=state, handled_by=operator, handled_at=timezone.now()
        )
    report.refresh_from_db()
    return report
