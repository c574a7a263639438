"""Send, edit, recall and read messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.selectors.contacts import read_receipts_visible_to
from chat import payloads, reasons, rules
from chat.actions.attachment import attachments_remove
from chat.actions.block_checks import require_peer_not_blocking
from chat.actions.redaction import messages_redact
from chat.actions.service_access import access_for_service
from chat.actions.thread import thread_forget_recalled
from chat.errors import ChatError
from chat.models import Channel, Message, MessageMention, MessagePreview, Pin, Reaction, ReadMark
from chat.selectors import Access, access_channel, access_message, peer_id_of
from chat.selectors.restrictions import require_unmuted
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.mentions import find_mentions
from chat.sending.queue import current_queue
from chat.sending.writer import commit
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import MESSAGE_EDITED, MESSAGE_RECALLED, READ_MARK, READ_SEEN
from delivery import log, publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def message_draft(
    *,
    sender: int,
    channel: int,
    text: str,
    type: str = "text",
    client_id: str | None = None,
    attachments: Sequence[str] = (),
    **fields: Any,
) -> Draft:
    """Return a draft with checked values. With `attachments`, keys of uploads, the text may be empty.

    Raise ChatError if one is not valid; the commit checks all rules that need the database.
    """
    if type != "text":
        raise ChatError(reasons.MESSAGE_TYPE, field="type")
    check = rules.check_text
    if attachments:
        type, check = "file", rules.check_caption
        if len(attachments) > settings.IM_ATTACHMENTS_PER_MESSAGE:
            raise ChatError(reasons.TOO_MANY_ATTACHMENTS, limit=settings.IM_ATTACHMENTS_PER_MESSAGE)
    return Draft(
        sender=sender,
        channel=channel,
        text=check(text, limit=settings.IM_MESSAGE_MAX_LENGTH),
        type=type,
        attachments=tuple(dict.fromkeys(attachments)),
        client_id=rules.check_client_id(client_id),
        **fields,
    )


def message_draft_action(*, sender: int, channel: int, text: str, client_id: str | None = None, **fields: Any) -> Draft:
    """Return a draft of what the sender does, as `/me` sends it. Raise ChatError if a value is not valid."""
    draft = message_draft(sender=sender, channel=channel, text=text, client_id=client_id, **fields)
    return replace(draft, type="action")


def message_send(draft: Draft) -> asyncio.Future[StoredMessage]:
    """Queue the message. The future returns the stored message after the commit. Call it on the event loop."""
    return current_queue().submit(draft)


def message_send_now(draft: Draft) -> StoredMessage:
    """Store the message in its own transaction. Raise ChatError or DatabaseError. Call it off the event loop."""
    outcome = commit([draft])[0]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def message_edit(
    *, user: User, channel_id: int, message_id: int, text: str, app: int | None, origin: str = ""
) -> tuple[Message, int]:
    """Replace the text of the user's own message. Return the message and the position of the edit's event.

    Raise ChatError NOT_THE_AUTHOR, NOT_EDITABLE or MESSAGE_RECALLED.
    """
    with write():
        access = access_channel(user, channel_id, app=app, lock=True)
        message = access_message(user, access, message_id)
        if message.sender_id != user.pk:
            raise ChatError(reasons.NOT_THE_AUTHOR)
        if message.type not in rules.TYPES_WITH_TEXT:
            raise ChatError(reasons.NOT_EDITABLE)
        if message.forwarded is not None:
            raise ChatError(reasons.FORWARDED_NOT_EDITABLE)
        if message.recalled_at is not None:
            raise ChatError(reasons.MESSAGE_RECALLED)
        rules.require_open_channel(access.channel.closed)
        require_unmuted(user.pk, access.channel)
        require_peer_not_blocking(user, access.channel)
        check = rules.check_caption if message.type == "file" else rules.check_text
        message.text, message.edited_at = check(text, limit=settings.IM_MESSAGE_MAX_LENGTH), log.now_ms()
        _replace_mentions(message, access)
        message.save(update_fields=["text", "mentions", "edited_at"])
        # A replay from an older position must not show the old text.
        messages_redact({message.pk: payloads.edited_text(message) | {"editedAt": message.edited_at}})
        entries = log.append([message_event(message, MESSAGE_EDITED, access, origin, payloads.edited(message))])
        publish.after_commit(entries)
    return message, entries[0].position


def _replace_mentions(message: Message, access: Access) -> None:
    """Set the mentions of the message's new text. It has an empty list if only an earlier text has mentioned users."""
    # The sender was read with the message: a block may be newer than the user of the call.
    found = find_mentions(message.text, sender=message.sender, channel=access.channel, role=access.role)
    if found is None and not message.mentions:
        return
    MessageMention.objects.filter(message=message).delete()
    message.mentions = [] if found is None else found.shown
    if found is not None:
        MessageMention.objects.bulk_create(
            MessageMention(
                message=message,
                user_id=user,
                channel=access.channel,
                seq=message.seq,
                is_silent=user in found.silent,
            )
            for user in found.users
        )


def message_recall(
    *, user: User, channel_id: int, message_id: int, app: int | None, origin: str = ""
) -> tuple[Message, int | None]:
    """Recall the user's own message, or any message of a group that the user manages; it stays without its text.

    Return the message and the position of the recall's event; None if it was recalled before.
    """
    with write():
        access = access_for_service(user, channel_id, app=app, lock=True)
        message = access_message(user, access, message_id)
        if message.sender_id != user.pk:
            rules.require_manager(access.role)
        return message, _recall(message, access, user, origin)


def message_recall_as_operator(*, operator: User, message_id: int) -> Message:
    """Recall any message, as an operator."""
    with write():
        message = Message.objects.select_related("sender").get(pk=message_id)
        channel = Channel.objects.select_for_update(no_key=True).get(pk=message.channel_id)
        message.refresh_from_db()
        _recall(message, Access(channel, None), operator, "")
    return message


def _recall(message: Message, access: Access, by: User, origin: str) -> int | None:
    if message.recalled_at is not None:
        return None
    now = log.now_ms()
    removed: dict[str, Any] = {"msg": ""} if message.type == "text" else {"msg": "", "content": ""}
    if message.forwarded is not None:
        removed |= {"content": None, "forwarded": None}
        message.forwarded = message.forwarded_from = None
    if message.mentions is not None:
        removed["mentions"] = []
        MessageMention.objects.filter(message=message).delete()
    if message.previews is not None:
        removed["previews"] = []
        MessagePreview.objects.filter(message=message).delete()
    message.text, message.attachments, message.mentions, message.previews = "", None, None, None
    message.recalled_at, message.recalled_by = now, by
    message.save(
        update_fields=[
            "text", "attachments", "mentions", "previews", "forwarded", "forwarded_from", "recalled_at",
            "recalled_by",
        ]
    )  # fmt: skip
    if message.type == "file":
        attachments_remove([message.pk])
        removed["attachments"] = []
    messages_redact({message.pk: removed | {"recalled": True}})
    Pin.objects.filter(message=message).delete()
    Reaction.objects.filter(message=message).delete()
    thread = thread_forget_recalled(message)
    entries = log.append(
        [message_event(message, MESSAGE_RECALLED, access, origin, payloads.recalled(message, by, now, thread))]
    )
    if thread is not None:
        thread.position = entries[0].position
        thread.save(update_fields=["count", "position"])
    publish.after_commit(entries)
    return entries[0].position


def message_event(message: Message, kind: EventKind, access: Access, origin: str, body: dict[str, Any]) -> Entry:
    """Return an event about a message. Only users who may read the message get it."""
    channel = access.channel
    is_public = channel.kind == Channel.Kind.GLOBAL or rules.reads_everything(channel.join, channel.history)
    return Entry(
        kind=kind.name,
        channel=message.channel_id,
        ref=message.pk,
        subject=None if is_public else message.position,
        origin=origin,
        header=rules.private_route(channel.pair),
        body=body,
    )


def read_mark(*, user: User, channel_id: int, seq: int, app: int | None, connection: Connection | None = None) -> int:
    """Move the user's read position up to `seq`, never down or past the last message. Return the position after that.

    It is below `ReadMark.seq` while the user has marked messages as unread.

    Pushes it, at most once, to the user's other connections, and to the other user of a private channel if the user
    shares read receipts.
    """
    access = access_channel(user, channel_id, app=app)
    seq = max(0, min(seq, access.channel.last_seq))
    with write():
        marks = ReadMark.objects.filter(user=user, channel=access.channel)
        # Created first, so that of two first marks at once the greater one stays.
        ReadMark.objects.bulk_create([ReadMark(user=user, channel=access.channel, seq=0)], ignore_conflicts=True)
        moved = marks.filter(seq__lt=seq).update(seq=seq)
        mark = marks.get()
        if mark.unread_after is not None and mark.unread_after < seq:
            mark.unread_after = seq if seq < mark.seq else None
            mark.save(update_fields=["unread_after"])
        read_seq = mark.seq if mark.unread_after is None else mark.unread_after
    body = {"target": str(channel_id), "readSeq": read_seq}
    entry = Entry(kind=READ_MARK.name, user_ids=(user.pk,), header={"about": channel_id}, body=body)
    publish.push_transient(entry, connection)
    if moved and (peer := peer_id_of(access.channel, user.pk)) and user.pk in read_receipts_visible_to(peer, [user.pk]):
        seen = {"target": str(channel_id), "readSeq": mark.seq, "userId": user.public_name}
        publish.push_transient(Entry(kind=READ_SEEN.name, user_ids=(peer,), body=seen))
    return read_seq
