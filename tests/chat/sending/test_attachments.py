"""A message takes uploads of its sender, each once, and keeps them until it is recalled or deleted."""

from __future__ import annotations

from functools import partial

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import payloads, reasons
from chat.actions.message import message_draft, message_edit, message_recall
from chat.actions.report import message_report
from chat.actions.retention import channel_delete_expired, files_delete_expired
from chat.actions.scheduled import message_schedule
from chat.errors import ChatError
from chat.models import Attachment, Channel, Message
from chat.search.index import index_advance, index_find
from chat.search.tokenizer import phrases
from chat.selectors import access_channel, history
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from delivery import log
from tests.support.attachments import ready_attachment
from tests.support.in_process import say
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


def with_files(sender: User, channel: Channel, *files: Attachment, text: str = "", **fields: object) -> Draft:
    keys = [file.key for file in files]
    return message_draft(sender=sender.pk, channel=channel.pk, text=text, attachments=keys, **fields)


def send(sender: User, channel: Channel, *files: Attachment, text: str = "") -> StoredMessage:
    (outcome,) = commit([with_files(sender, channel, *files, text=text)])
    assert isinstance(outcome, StoredMessage), outcome
    return outcome


def events(kind: str = "msg") -> list[dict[str, object]]:
    return [entry.body for entry in log.read(0, 1000) if entry.kind == kind]


def test_files_are_sent_in_the_given_order(alice: User, trio: Channel) -> None:
    one, two = ready_attachment(alice, "one.jpg"), ready_attachment(alice, "two ü.pdf", width=3, height=2, preview="AA")
    stored = send(alice, trio, two, one, text="look")
    rows = Attachment.objects.filter(message=stored.id).order_by("index")
    assert [(row.name, row.index) for row in rows] == [("two ü.pdf", 0), ("one.jpg", 1)]
    message = Message.objects.get(pk=stored.id)
    assert message.attachments == [payloads.attachment(two), payloads.attachment(one)]
    (body,) = events()
    assert (body["type"], body["content"], body["msg"]) == ("file", "look", "look [two ü.pdf] [one.jpg]")
    assert body["attachments"] == message.attachments
    assert message.attachments[0]["url"] == f"/files/{two.key}/two%20%C3%BC.pdf"
    assert payloads.message(message, alice) == body | {"position": stored.position}


def test_a_message_with_files_needs_no_text(alice: User, trio: Channel) -> None:
    stored = send(alice, trio, ready_attachment(alice), text="\u200b ")
    assert Message.objects.get(pk=stored.id).text == ""
    with pytest.raises(ChatError) as refused:
        message_draft(sender=alice.pk, channel=trio.pk, text=" ")
    assert refused.value.reason is reasons.MESSAGE_EMPTY


@pytest.mark.parametrize("state", [state for state in Attachment.State if state != Attachment.State.READY])
def test_only_complete_uploads_are_sent(alice: User, trio: Channel, state: str) -> None:
    (outcome,) = commit([with_files(alice, trio, ready_attachment(alice, state=state))])
    assert isinstance(outcome, ChatError) and outcome.reason is reasons.ATTACHMENT_NOT_FOUND
    assert not Message.objects.exists()


def test_other_users_files_and_sent_files_look_like_absent_ones(alice: User, bob: User, trio: Channel) -> None:
    mine, others = ready_attachment(alice), ready_attachment(bob)
    absent = Attachment(key="absent")
    send(alice, trio, mine)
    outcomes = commit([with_files(alice, trio, file) for file in (others, mine, absent)])
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [reasons.ATTACHMENT_NOT_FOUND] * 3
    assert {outcome.data["attachment"] for outcome in outcomes if isinstance(outcome, ChatError)} == {
        others.key,
        mine.key,
        "absent",
    }


def test_of_two_messages_in_one_commit_the_first_gets_the_file(alice: User, trio: Channel) -> None:
    file = ready_attachment(alice)
    first, second = commit([with_files(alice, trio, file), with_files(alice, trio, file)])
    assert isinstance(first, StoredMessage) and isinstance(second, ChatError)
    twice = ready_attachment(alice)
    message = Message.objects.get(pk=send(alice, trio, twice, twice).id)
    assert message.attachments is not None and len(message.attachments) == 1


def test_a_retry_gets_the_first_message(alice: User, trio: Channel) -> None:
    draft = with_files(alice, trio, ready_attachment(alice), client_id="k")
    first, again = (*commit([draft]), *commit([draft]))
    assert isinstance(first, StoredMessage) and isinstance(again, StoredMessage)
    assert again.repeated and again.id == first.id and Message.objects.count() == 1


def test_texts_and_files_share_a_commit(alice: User, bob: User, trio: Channel) -> None:
    drafts = [
        message_draft(sender=bob.pk, channel=trio.pk, text="hi"),
        with_files(alice, trio, ready_attachment(alice)),
        message_draft(sender=bob.pk, channel=trio.pk, text="ho"),
    ]
    assert [outcome.seq for outcome in commit(drafts) if isinstance(outcome, StoredMessage)] == [1, 2, 3]
    rows = Message.objects.order_by("seq")
    assert [(row.type, row.attachments is None) for row in rows] == [("text", True), ("file", False), ("text", True)]


def test_a_message_has_few_files(alice: User, trio: Channel, settings: Settings) -> None:
    settings.IM_ATTACHMENTS_PER_MESSAGE = 1
    with pytest.raises(ChatError) as refused:
        with_files(alice, trio, ready_attachment(alice), ready_attachment(alice))
    assert refused.value.reason is reasons.TOO_MANY_ATTACHMENTS


def test_the_files_of_a_message_have_few_bytes(alice: User, trio: Channel, settings: Settings) -> None:
    files = [ready_attachment(alice) for _ in range(2)]
    settings.IM_ATTACHMENT_BYTES_PER_MESSAGE = files[0].size + files[1].size - 1
    (refused,) = commit([with_files(alice, trio, *files)])
    assert isinstance(refused, ChatError) and refused.reason is reasons.ATTACHMENTS_TOO_LARGE
    with pytest.raises(ChatError) as scheduled:
        message_schedule(
            user=alice,
            channel_id=trio.pk,
            text="later",
            due_at=log.now_ms() + 3_600_000,
            attachments=[file.key for file in files],
            app=None,
        )
    assert scheduled.value.reason is reasons.ATTACHMENTS_TOO_LARGE
    settings.IM_ATTACHMENT_BYTES_PER_MESSAGE += 1
    (stored,) = commit([with_files(alice, trio, *files)])
    assert isinstance(stored, StoredMessage)


def test_the_text_beside_files_is_edited(alice: User, trio: Channel) -> None:
    stored = send(alice, trio, ready_attachment(alice), text="old")
    for text in ("new", ""):
        message_edit(user=alice, channel_id=trio.pk, message_id=stored.id, text=text, app=None)
        shown = f"{text} [photo.jpg]".strip()
        assert [(body["content"], body["msg"]) for body in events()] == [(text, shown)]
        edit = events("message.edited")[-1]
        assert (edit["content"], edit["msg"]) == (text, shown)
    assert len(events()[0]["attachments"]) == 1  # type: ignore[arg-type]


def test_a_recall_removes_the_files(alice: User, trio: Channel) -> None:
    stored = send(alice, trio, ready_attachment(alice), text="secret")
    message_edit(user=alice, channel_id=trio.pk, message_id=stored.id, text="secret 2", app=None)
    message_recall(user=alice, channel_id=trio.pk, message_id=stored.id, app=None)
    row = Message.objects.get(pk=stored.id)
    assert row.attachments is None and "attachments" not in payloads.message(row, alice)
    assert Attachment.objects.get().state == Attachment.State.REMOVED
    (body,) = events()
    assert (body["msg"], body["content"], body["attachments"]) == ("", "", [])
    # The schema of an edit has no attachments.
    (edit,) = events("message.edited")
    assert (edit["msg"], edit["content"], edit["recalled"], "attachments" in edit) == ("", "", True, False)


def test_deleted_messages_leave_no_sendable_file(alice: User, trio: Channel) -> None:
    send(alice, trio, ready_attachment(alice))
    assert channel_delete_expired(channel_id=trio.pk, before=log.now_ms() + 1) == 1
    file = Attachment.objects.get()
    assert (file.state, file.message_id) == (Attachment.State.REMOVED, None)


def test_files_expire_and_the_text_stays(alice: User, trio: Channel, settings: Settings) -> None:
    settings.IM_FILE_RETENTION_DAYS = 1
    files_sent = send(alice, trio, ready_attachment(alice), text="look")
    said = say(alice, trio, text="AAAA", type="picture")
    Message.objects.update(time=0)
    index_advance()
    assert files_delete_expired() == 2 and files_delete_expired() == 0
    found = [index_find(phrases(word), channels=[trio.pk], before=None, limit=9) for word in ("look", "photo")]
    assert found == [[files_sent.id], []]
    files, picture = Message.objects.order_by("seq")
    assert (files.text, files.attachments, picture.text, picture.pk) == ("look", None, "", said.id)
    assert payloads.message(files, alice)["attachments"] == []
    # A client that syncs does not get the names either.
    assert events()[0] | {"position": files.position, "time": 0} == payloads.message(files, alice)
    assert Attachment.objects.get().state == Attachment.State.REMOVED


def test_a_page_of_messages_with_files_fits_into_the_outbox(alice: User, trio: Channel, settings: Settings) -> None:
    for _ in range(3):
        send(alice, trio, *(ready_attachment(alice, "x" * 190) for _ in range(4)))
    settings.IM_OUTBOX_MAX_BYTES = 4 * 3000
    page = history(alice, access_channel(alice, trio.pk), before=None, after=None, limit=9)
    assert ([row.seq for row in page.messages], page.has_more) == ([3], True)


def test_a_report_names_the_files(alice: User, bob: User, trio: Channel) -> None:
    stored = send(alice, trio, ready_attachment(alice), text="look")
    report = message_report(user=bob, channel_id=trio.pk, message_id=stored.id, reason="rude", app=None)
    assert report.text == "look [photo.jpg]"


@pytest.mark.postgres
def test_files_that_expire_during_a_recall_do_not_bring_the_text_back(
    alice: User, trio: Channel, settings: Settings
) -> None:
    settings.IM_FILE_RETENTION_DAYS = 1
    stored = send(alice, trio, ready_attachment(alice), text="secret")
    Message.objects.update(time=0)
    recall = partial(message_recall, user=alice, channel_id=trio.pk, message_id=stored.id, app=None)
    with OpenTransaction(recall) as held:
        expiring = in_thread(files_delete_expired)
        wait_until_waiting()
        held.commit()
        assert expiring.result(TIMEOUT_SECONDS) == 0
    assert Message.objects.get().text == ""
    assert [(body["msg"], body["content"]) for body in events()] == [("", "")]
