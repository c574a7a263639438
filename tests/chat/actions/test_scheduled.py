"""Scheduled messages are sent once when they are due, or kept with the reason of their refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import reasons
from chat.actions import scheduled_sending
from chat.actions.account_deletion import account_delete
from chat.actions.attachment_cleanup import expired_uploads
from chat.actions.member import member_leave
from chat.actions.message import message_draft
from chat.actions.scheduled import message_schedule, scheduled_cancel, scheduled_edit
from chat.actions.scheduled_sending import CLAIM_MS, scheduled_send, scheduled_send_due
from chat.errors import ChatError
from chat.models import Attachment, Channel, Message, ScheduledMessage
from chat.reasons import Reason
from chat.selectors.scheduled import scheduled_messages
from chat.sending.writer import commit
from delivery import log
from tests.support.attachments import ready_attachment
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3_600_000


def schedule(
    user: User, channel: Channel, text: str = "later", *, after: int = HOUR, **fields: Any
) -> ScheduledMessage:
    return message_schedule(user=user, channel_id=channel.pk, text=text, due_at=log.now_ms() + after, **fields)


def come_due() -> None:
    ScheduledMessage.objects.update(due_at=log.now_ms() - 1)


def refusal(error: pytest.ExceptionInfo[ChatError]) -> Reason:
    return error.value.reason


def test_a_due_message_is_sent_with_its_files_and_forgotten(alice: User, trio: Channel) -> None:
    root, files = say(alice, trio), [ready_attachment(alice, name) for name in ("b.pdf", "a.pdf")]
    schedule(
        alice,
        trio,
        "look",
        attachments=[file.key for file in files],
        reply_to=root.id,
        thread=root.id,
        thread_only=True,
    )
    assert scheduled_send_due() == 0 and Message.objects.count() == 1
    come_due()
    assert (scheduled_send_due(), scheduled_send_due()) == (1, 0)
    message = Message.objects.latest("pk")
    assert (message.text, message.reply_to, message.thread, message.thread_only) == ("look", root.id, root.id, True)
    assert [item["name"] for item in message.attachments or ()] == ["b.pdf", "a.pdf"]
    assert not ScheduledMessage.objects.exists() and not Attachment.objects.exclude(scheduled=None).exists()


def test_a_node_that_dies_after_the_commit_causes_no_second_message(
    alice: User, trio: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule(alice, trio)
    come_due()
    with monkeypatch.context() as dying:
        dying.setattr(scheduled_sending, "_settle", lambda row, outcome: None)
        assert scheduled_send_due() == 1
    assert scheduled_send_due() == 0, "another node leaves a claimed message alone"
    ScheduledMessage.objects.update(claimed_at=log.now_ms() - CLAIM_MS - 1)
    assert scheduled_send_due() == 1
    assert Message.objects.count() == 1 and not ScheduledMessage.objects.exists()


def test_a_fault_is_tried_again_later(alice: User, trio: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule(alice, trio)
    come_due()
    with monkeypatch.context() as broken:
        broken.setattr(scheduled_sending, "commit_in_queue", lambda drafts: [OperationalError("down") for _ in drafts])
        scheduled_send_due()
    ScheduledMessage.objects.update(claimed_at=0)
    assert scheduled_send_due() == 1 and Message.objects.count() == 1


def test_rights_are_checked_once_when_it_is_due(alice: User, bob: User, trio: Channel) -> None:
    row = schedule(bob, trio)
    member_leave(user=bob, channel_id=trio.pk)
    come_due()
    assert (scheduled_send_due(), scheduled_send_due()) == (1, 0)
    (kept,) = scheduled_messages(bob)
    assert kept.refusal is not None
    assert (kept.state, kept.refusal["reason"]) == ("failed", reasons.CHANNEL_NOT_FOUND.key)
    with pytest.raises(ChatError) as error:
        scheduled_send(user=bob, scheduled_id=row.pk)
    assert refusal(error) is reasons.CHANNEL_NOT_FOUND
    assert ScheduledMessage.objects.get().state == "failed"
    assert scheduled_edit(user=bob, scheduled_id=row.pk, due_at=log.now_ms() + HOUR).state == "waiting"


def test_it_is_sent_at_once_on_demand(alice: User, bob: User, trio: Channel) -> None:
    row = schedule(alice, trio)
    with pytest.raises(ChatError) as error:
        scheduled_send(user=bob, scheduled_id=row.pk)
    assert refusal(error) is reasons.SCHEDULED_NOT_FOUND
    assert not scheduled_send(user=alice, scheduled_id=row.pk).repeated
    assert Message.objects.get().text == "later" and not scheduled_messages(alice)


def test_what_is_being_sent_can_neither_be_changed_nor_cancelled(alice: User, trio: Channel) -> None:
    row = schedule(alice, trio)
    assert scheduled_edit(user=alice, scheduled_id=row.pk, text="sooner").text == "sooner"
    ScheduledMessage.objects.update(state="sending", claimed_at=log.now_ms())
    for change in (scheduled_edit, scheduled_cancel, scheduled_send):
        with pytest.raises(ChatError) as error:
            change(user=alice, scheduled_id=row.pk)
        assert refusal(error) is reasons.SCHEDULED_NOT_FOUND


def test_its_files_are_kept_for_it_alone(alice: User, trio: Channel) -> None:
    file = ready_attachment(alice, created_at=1)
    row = schedule(alice, trio, "", attachments=[file.key])
    assert not expired_uploads().exists()
    (outcome,) = commit([message_draft(sender=alice.pk, channel=trio.pk, text="", attachments=[file.key])])
    assert isinstance(outcome, ChatError) and outcome.reason is reasons.ATTACHMENT_NOT_FOUND
    with pytest.raises(ChatError) as error:
        schedule(alice, trio, "", attachments=[file.key])
    assert refusal(error) is reasons.ATTACHMENT_NOT_FOUND
    scheduled_cancel(user=alice, scheduled_id=row.pk)
    assert Attachment.objects.get().state == Attachment.State.REMOVED and not ScheduledMessage.objects.exists()


def test_a_repeated_request_schedules_one_message(alice: User, trio: Channel) -> None:
    assert schedule(alice, trio, client_id="k").pk == schedule(alice, trio, client_id="k").pk


def test_limits(alice: User, carol: User, trio: Channel, settings: Settings) -> None:
    settings.IM_SCHEDULED_PER_USER, settings.IM_SCHEDULE_MAX_DAYS = 1, 2
    for after in (0, -HOUR, 49 * HOUR):
        with pytest.raises(ChatError) as error:
            schedule(alice, trio, after=after)
        assert refusal(error) is reasons.SCHEDULE_TIME
    schedule(alice, trio, after=47 * HOUR)
    with pytest.raises(ChatError) as error:
        schedule(alice, trio)
    assert refusal(error) is reasons.SCHEDULED_LIMIT_REACHED
    hidden = say(alice, trio)
    Channel.objects.filter(pk=trio.pk).update(closed=True)
    settings.IM_SCHEDULED_PER_USER = 2
    with pytest.raises(ChatError) as error:
        schedule(alice, trio, reply_to=hidden.id)
    assert refusal(error) is reasons.CHANNEL_CLOSED


def test_a_deleted_account_sends_nothing(alice: User, bob: User, trio: Channel) -> None:
    schedule(bob, trio, "", attachments=[ready_attachment(bob).key])
    account_delete(user_id=bob.pk)
    assert not ScheduledMessage.objects.exists()
    assert Attachment.objects.get().state == Attachment.State.REMOVED
