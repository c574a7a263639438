"""Operators see scheduled messages and cancel them."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from chat.actions.scheduled import message_schedule
from chat.models import Channel, ScheduledMessage
from delivery import log
from tests.support.operators import run_admin_action, staff_browser

SCHEDULED = "/admin/chat/scheduledmessage/"


def test_scheduled_messages_are_shown_and_cancelled(operator: Client, bob: User, group: Channel) -> None:
    at = log.now_ms() + 3_600_000
    row, other = (message_schedule(user=bob, channel_id=group.pk, text=text, due_at=at) for text in ("<b>1", "two"))
    for page in (SCHEDULED, f"{SCHEDULED}?q=bob", f"{SCHEDULED}{row.pk}/change/"):
        html = operator.get(page).content.decode()
        assert "&lt;b&gt;1" in html and f"/admin/accounts/user/{bob.pk}/change/" in html, page
    assert "&lt;b&gt;1" not in operator.get(f"{SCHEDULED}?q=nobody").content.decode()
    ScheduledMessage.objects.filter(pk=other.pk).update(state="sending")
    run_admin_action(operator, SCHEDULED, "cancel_selected", row, other, confirmed="cancel")
    assert [left.text for left in ScheduledMessage.objects.all()] == ["two"]


def test_others_see_none(group: Channel) -> None:
    assert staff_browser("view_channel").get(SCHEDULED).status_code == 403
