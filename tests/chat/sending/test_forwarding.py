"""A forwarded message is a message of its own, with the text and the files of another one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import app_create
from accounts.models import User
from chat import payloads, reasons
from chat.actions.account_deletion import account_delete
from chat.actions.attachment_access import access_attachment
from chat.actions.attachment_cleanup import removed_attachments_delete
from chat.actions.channel import channel_create_global, channel_create_group, channel_create_private
from chat.actions.forward import forward_draft
from chat.actions.member import member_leave
from chat.actions.message import message_edit, message_recall
from chat.actions.retention import files_delete_expired
from chat.attachments.quotas import stored_bytes
from chat.encoders import protobuf_message
from chat.errors import ChatError
from chat.models import Attachment, Channel, Message, MessageMention
from chat.reasons import Reason
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from delivery import log
from tests.support.attachments import stored_attachment
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def forward(
    user: User, source: StoredMessage, to: Channel, files: Sequence[str] = (), client_id: str | None = None
) -> StoredMessage | Reason:
    """Forward the message; return the new one, or the reason of its refusal."""
    try:
        draft = forward_draft(
            sender=user, source=source.channel, message_id=source.id, channel=to.pk, files=files, client_id=client_id
        )
    except ChatError as refusal:
        return refusal.reason
    (outcome,) = commit([draft])
    if isinstance(outcome, ChatError):
        return outcome.reason
    assert isinstance(outcome, StoredMessage), outcome
    return outcome


def forwarded(user: User, source: StoredMessage, to: Channel, files: Sequence[str] = ()) -> Message:
    stored = forward(user, source, to, files)
    assert isinstance(stored, StoredMessage), stored
    return Message.objects.get(pk=stored.id)


@pytest.fixture
def elsewhere(alice: User, bob: User) -> Channel:
    return channel_create_group(creator=alice, name="Elsewhere", members=["bob"], join="closed")


def test_a_text_keeps_its_sender_and_time(alice: User, bob: User, trio: Channel, elsewhere: Channel) -> None:
    source = say(bob, trio, "the *plan*, @alice")
    message = forwarded(alice, source, elsewhere)
    assert (message.sender, message.type, message.text) == (alice, "text", "the *plan*, @alice")
    origin = {"from": "bob", "fromId": str(bob.pk), "name": "Bob", "time": source.time}
    assert (message.forwarded, message.forwarded_from) == (origin, bob.pk)
    entry = log.read(message.position - 1, 1)[0]
    assert (entry.body["msg"], entry.body["content"]) == ("Forwarded from Bob:\nthe *plan*, @alice", message.text)
    assert entry.body["forwarded"] == origin
    assert payloads.message(message, alice) == entry.body | {"position": message.position}
    assert protobuf_message(entry).content == b"Forwarded from Bob:\nthe *plan*, @alice"
    # The sender of the forward mentions nobody.
    assert not MessageMention.objects.filter(message=message).exists()


def test_files_survive_the_recall(alice: User, bob: User, trio: Channel, elsewhere: Channel) -> None:
    file = stored_attachment(bob, name="plan.pdf")
    source = say(bob, trio, "look", type="file", attachments=(file.key,))
    message = forwarded(alice, source, elsewhere)
    copy = Attachment.objects.get(message=message)
    assert (copy.file, copy.uploader, copy.is_copy) == (file.file, alice, True) and copy.key != file.key
    assert (message.text, message.attachments) == ("look", [payloads.attachment(copy)])
    assert stored_bytes(Attachment.objects.all()) == file.size

    message_recall(user=bob, channel_id=trio.pk, message_id=source.id, app=None)
    removed_attachments_delete()
    assert access_attachment(bob, copy.key).file == file.file
    with pytest.raises(ChatError):
        access_attachment(bob, file.key)
    message_recall(user=alice, channel_id=elsewhere.pk, message_id=message.pk, app=None)
    Attachment.objects.update(created_at=0)
    removed_attachments_delete()
    assert not Attachment.objects.exists()


def test_single_files_are_forwarded_without_the_text(alice: User, bob: User, trio: Channel, elsewhere: Channel) -> None:
    one, two = stored_attachment(bob, name="one.pdf"), stored_attachment(bob, name="two.pdf")
    source = say(bob, trio, "both", type="file", attachments=(one.key, two.key))
    message = forwarded(alice, source, elsewhere, [two.key])
    assert (message.type, message.text, [item["name"] for item in message.attachments or ()]) == (
        "file",
        "",
        ["two.pdf"],
    )
    assert forward(alice, source, elsewhere, [two.key, "absent"]) is reasons.ATTACHMENT_NOT_FOUND
    assert forward(alice, say(bob, trio), elsewhere, [one.key]) is reasons.ATTACHMENT_NOT_FOUND


def test_rights_in_both_channels_are_checked(
    alice: User, bob: User, carol: User, trio: Channel, elsewhere: Channel
) -> None:
    source = say(bob, trio)
    assert forward(carol, source, elsewhere) is reasons.CHANNEL_NOT_FOUND
    assert forward(carol, say(alice, elsewhere), trio) is reasons.CHANNEL_NOT_FOUND
    Channel.objects.filter(pk=elsewhere.pk).update(slow_mode=60)
    assert isinstance(forward(bob, source, elsewhere), StoredMessage)
    assert forward(bob, source, elsewhere) is reasons.SLOW_MODE
    message_recall(user=bob, channel_id=trio.pk, message_id=source.id, app=None)
    assert forward(alice, source, elsewhere) is reasons.MESSAGE_RECALLED
    other = say(bob, trio)
    member_leave(user=alice, channel_id=trio.pk)
    assert forward(alice, other, elsewhere) is reasons.CHANNEL_NOT_FOUND


def test_a_recall_between_the_check_and_the_commit_wins(
    alice: User, bob: User, trio: Channel, elsewhere: Channel
) -> None:
    source = say(bob, trio)
    draft = forward_draft(sender=alice, source=trio.pk, message_id=source.id, channel=elsewhere.pk)
    message_recall(user=bob, channel_id=trio.pk, message_id=source.id, app=None)
    (outcome,) = commit([draft])
    assert isinstance(outcome, ChatError) and outcome.reason is reasons.MESSAGE_RECALLED


def test_a_retry_is_the_same_message(alice: User, bob: User, trio: Channel, elsewhere: Channel) -> None:
    source = say(bob, trio, "", type="file", attachments=(stored_attachment(bob).key,))
    first, again = (forward(alice, source, elsewhere, client_id="k") for _ in range(2))
    assert isinstance(first, StoredMessage) and isinstance(again, StoredMessage)
    assert (first.id, again.repeated) == (again.id, True)
    assert Attachment.objects.count() == 2


def test_the_channel_is_named_only_to_those_who_can_know_it(alice: User, bob: User, carol: User, trio: Channel) -> None:
    web = channel_create_global(app=app_create(number=101, name="Web"))
    listed = channel_create_group(creator=alice, name="Open", members=[], join="open", listed=True)
    with_bob = channel_create_private(creator=alice, other=bob)[0]
    with_carol = channel_create_private(creator=alice, other=carol)[0]
    closed = channel_create_group(creator=alice, name="Two", members=["bob"], join="closed")

    def is_named(source: Channel, to: Channel) -> bool:
        return "target" in (forwarded(alice, say(alice, source), to).forwarded or {})

    assert [is_named(closed, to) for to in (closed, with_bob, with_carol, trio, web)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert [is_named(listed, to) for to in (with_carol, trio, web)] == [True, True, False]
    assert is_named(web, trio) and not is_named(with_bob, closed)


def test_a_message_that_is_forwarded_again_keeps_its_first_sender(
    alice: User, bob: User, carol: User, trio: Channel
) -> None:
    source = say(carol, trio)
    with_bob = channel_create_private(creator=alice, other=bob)[0]
    outside = channel_create_group(creator=bob, name="Outside", members=[], join="closed")
    first = forwarded(alice, source, with_bob)
    assert first.forwarded is not None and first.forwarded["seq"] == source.seq
    again = forwarded(bob, StoredMessage(with_bob.pk, first.pk, first.seq), outside)
    assert again.forwarded == {"from": "carol", "fromId": str(carol.pk), "name": "Carol", "time": source.time}


def test_it_cannot_be_edited_and_its_recall_removes_the_origin(
    alice: User, bob: User, trio: Channel, elsewhere: Channel
) -> None:
    message = forwarded(alice, say(bob, trio), elsewhere)
    with pytest.raises(ChatError) as refused:
        message_edit(user=alice, channel_id=elsewhere.pk, message_id=message.pk, text="no", app=None)
    assert refused.value.reason is reasons.FORWARDED_NOT_EDITABLE
    message_recall(user=alice, channel_id=elsewhere.pk, message_id=message.pk, app=None)
    message.refresh_from_db()
    body = log.read(message.position - 1, 1)[0].body
    assert payloads.message(message, alice) == body | {"position": message.position}
    assert "bob" not in str(body).lower()


def test_the_sender_is_still_named_when_the_files_have_expired(
    alice: User, bob: User, trio: Channel, elsewhere: Channel, settings: Settings
) -> None:
    settings.IM_FILE_RETENTION_DAYS = 1
    source = say(bob, trio, "look", type="file", attachments=(stored_attachment(bob).key,))
    message = forwarded(alice, source, elsewhere)
    Message.objects.update(time=1)
    assert files_delete_expired() == 2
    message.refresh_from_db()
    assert log.read(message.position - 1, 1)[0].body["msg"] == "Forwarded from Bob:\nlook"
    assert payloads.plain_text(message) == "Forwarded from Bob:\nlook"


def test_a_deleted_account_is_named_nowhere(alice: User, bob: User, trio: Channel, elsewhere: Channel) -> None:
    User.objects.filter(pk=bob.pk).update(nickname="Robert")
    message = forwarded(alice, say(bob, trio), elsewhere)
    assert message.forwarded is not None and message.forwarded["name"] == "Robert"
    account_delete(user_id=bob.pk)
    message.refresh_from_db()
    body = log.read(message.position - 1, 1)[0].body
    assert payloads.message(message, alice) == body | {"position": message.position}
    assert "robert" not in str(body).lower() and body["msg"].startswith("Forwarded from ")
