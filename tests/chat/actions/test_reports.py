"""Reports of messages and their handling."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from chat import errors
from chat.actions.message import message_recall
from chat.actions.report import message_report, report_handle
from chat.models import Channel, Message, Report, Restriction
from delivery import log
from tests.support.in_process import create_users, say
from tests.support.moderation import refusal

pytestmark = pytest.mark.django_db


def report(user: User, channel: Channel, message_id: int) -> Report:
    return message_report(user=user, channel_id=channel.pk, message_id=message_id, reason="rude", app=None)


def test_a_report_keeps_the_text_and_is_made_once(alice: User, bob: User, trio: Channel) -> None:
    said = say(bob, trio, "something rude")
    made = report(alice, trio, said.id)
    message_recall(user=bob, channel_id=trio.pk, message_id=said.id, app=None)
    assert (made.text, made.reason, made.state) == ("something rude", "rude", "open")
    other = say(bob, trio)
    assert report(alice, trio, other.id) == report(alice, trio, other.id)


def test_a_user_cannot_report_unreadable_or_own_messages(bob: User, trio: Channel) -> None:
    (dave,) = create_users("dave")
    said = say(bob, trio)
    assert refusal(lambda: report(dave, trio, said.id)) is errors.NO_DATA
    assert refusal(lambda: report(bob, trio, said.id)) is errors.OPERATION_FAILED


def test_a_user_has_a_daily_limit_of_reports(alice: User, bob: User, trio: Channel, settings: Any) -> None:
    settings.IM_MAX_REPORTS_PER_DAY = 2
    for _ in range(2):
        report(alice, trio, say(bob, trio).id)
    assert refusal(lambda: report(alice, trio, say(bob, trio).id)) is errors.TOO_MUCH


def test_an_operator_recalls_mutes_and_closes_all_reports_of_the_message(
    alice: User, bob: User, carol: User, trio: Channel, operator: User
) -> None:
    said = say(bob, trio)
    first, second = report(alice, trio, said.id), report(carol, trio, said.id)
    report_handle(operator=operator, report_id=first.pk, verdict="recall_mute")
    second.refresh_from_db()
    assert (second.state, second.handled_by) == ("acted", operator)
    assert Message.objects.get(pk=said.id).recalled_by == operator
    assert Restriction.objects.get().channel == trio
    assert report_handle(operator=operator, report_id=first.pk, verdict="dismiss").state == "acted"


def test_a_dismissed_report_has_no_effect(alice: User, bob: User, trio: Channel, operator: User) -> None:
    said = say(bob, trio)
    made = report(alice, trio, said.id)
    before = log.head()
    assert report_handle(operator=operator, report_id=made.pk, verdict="dismiss").state == "dismissed"
    assert log.head() == before
