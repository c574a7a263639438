"""The requests of `/ws` that have a type of their own (Login, Message, Sync).

They call the actions of the JSON commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chat import encoders, reasons, selectors
from chat.actions import channel as channels
from chat.actions import inline_media
from chat.actions import message as messages
from chat.actions.received_positions import ReceivedPositions
from chat.commands.registry import Call
from chat.commands.session import MAX_SYNCS, Login, login
from chat.errors import ChatError
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.queue import current_queue
from chat.wire import protobuf_codec as codec
from delivery import publish
from delivery.db.batches import BatchQueue
from delivery.db.executors import run, run_processing
from delivery.rate_limits.declared import READS, SENDS
from delivery.replay import Replay, ReplayRange

LARGEST_ID = 2**63 - 1


async def log_in(call: Call, token: str, app: int) -> None:
    """Log in with a token. Browser sessions and guest names are not accepted."""
    if not token and call.caller.user is None:
        raise ChatError(reasons.TOKEN_MISSING)
    await login(call, Login(appId=app, serviceToken=token))


def draft(call: Call, up: codec.SendRequest) -> Draft:
    """Return the draft; its channel is 0 if the receiver is a user. Raise ChatError for an invalid message.

    The draft of a picture or voice message lacks the file that `upload` stores.
    """
    caller = call.caller
    if up.session is None or up.type is None:
        raise ChatError(reasons.MESSAGE_TYPE_UNKNOWN)
    if up.sender != call.user.pk:
        raise ChatError(reasons.SENDER_MISMATCH)
    if not 0 < up.receiver <= LARGEST_ID:
        raise ChatError(reasons.RECEIVER_NOT_FOUND)
    channel = up.receiver if up.session == "group" else 0
    if channel == caller.default_channel and not caller.in_global_channel:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    caller.take(SENDS)
    if up.type != "text":
        return inline_media.inline_media_draft(
            sender=call.user.pk,
            channel=channel,
            content=up.content,
            client_id=up.client_msg_id,
            app=caller.app,
            origin=call.origin,
        )
    try:
        text = up.content.decode()
    except UnicodeDecodeError as error:
        raise ChatError(reasons.TEXT_NOT_UTF8, field="content") from error
    return messages.message_draft(
        sender=call.user.pk,
        channel=channel,
        text=text,
        client_id=up.client_msg_id,
        app=caller.app,
        origin=call.origin,
    )


async def private_channel(call: Call, user_id: int) -> int:
    """Return the id of the private channel with this user, created if there is none."""
    return await run(channels.private_channel_with, user=call.user, other_id=user_id)


async def upload(call: Call, up: codec.SendRequest, draft: Draft) -> None:
    """Store the content of a picture or voice message, and give it to the draft.

    Later messages of the connection must wait for it, so that they stay in their order. Raise ChatError SITE_BUSY if
    too many wait already.
    """
    assert up.type is not None
    with current_queue().holding(len(up.content)):
        draft.attachments = await run_processing(
            inline_media.inline_media_upload,
            user=call.user,
            type=up.type,
            content=up.content,
            client_id=draft.client_id,
        )


async def send(call: Call, draft: Draft) -> StoredMessage:
    """Store the message. Reserves its place in the write queue before the first await."""
    future = messages.message_send(draft)
    stored = await (future if not draft.attachments else _sent_or_discarded(future, draft.attachments))
    call.awaits_event = not stored.repeated
    if stored.repeated:
        # This node may not have delivered it yet. Events below it must leave before its number; events held behind the
        # reply to a later request lie above it.
        await publish.hub().catch_up_to(stored.position)
    return stored


async def _sent_or_discarded(future: asyncio.Future[StoredMessage], attachments: Sequence[str]) -> StoredMessage:
    """Return the stored message; delete the uploads that no message has got."""
    try:
        stored = await future
    except ChatError:
        await run(inline_media.inline_media_discard, attachments)
        raise
    if stored.repeated:
        await run(inline_media.inline_media_discard, attachments)
    return stored


@dataclass(frozen=True, slots=True)
class Received:
    """The position up to which a client has every message, and whether it lacks some before the first push.

    `stored`: the position that was stored for its token.
    """

    stored: int
    position: int
    lacks_messages: bool


async def received_so_far(call: Call, positions: ReceivedPositions, digest: str) -> Received:
    """Return what the client of the token with this digest has received when its connection has just logged in."""
    hub, pushed_after = publish.hub(), call.caller.connection.attached_position
    read = partial(positions.read, digest, user_id=call.user.pk, upto=pushed_after)
    stored, lacks_messages = await read()
    # Another node, which was ahead of this one, may have stored it.
    await hub.catch_up_to(stored)
    received = stored
    if received > hub.watermark:
        # The log has lost events, and gives their positions again.
        received, lacks_messages = await read(after=0)
    if lacks_messages:
        return Received(stored, received, lacks_messages=True)
    return Received(stored, max(received, pushed_after), lacks_messages=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, oldest first. After this page the client has every message up to position `upto`."""

    messages: list[codec.Message]
    has_more: bool
    upto: int


async def _sync_together(ranges: Sequence[ReplayRange]) -> list[Replay]:
    return await run(selectors.messages_together, ranges)


_short_syncs: BatchQueue[ReplayRange, Replay] = BatchQueue(_sync_together, max_size=MAX_SYNCS, name="syncs over /ws")


async def sync(call: Call, seq: int) -> Page:
    """Return a page of the user's messages after this position."""
    call.caller.take(READS)
    hub, seq = publish.hub(), min(seq, LARGEST_ID)
    await hub.catch_up_to(seq)
    # The log has no more events of lost positions, and the client cannot drop what it has of them.
    seq = hub.last_kept(seq)
    wanted = ReplayRange(call.user.pk, seq, hub.watermark)
    if wanted.is_short:
        page = await _short_syncs.submit(wanted)
        entries, more = page.entries, page.has_more
    else:
        entries, more = await run(selectors.messages_after, call.user, after=seq, upto=wanted.upto)
    hub.count_fetched(call.caller.connection, entries)
    # The client may lack any message if its position is beyond the log.
    had = seq if seq <= hub.watermark else 0
    return Page([encoders.protobuf_message(entry) for entry in entries], more, entries[-1].position if entries else had)


async def pushed(call: Call, *, after: int, before: int, limit: int) -> list[tuple[int, bytes]]:
    """Return position and frame of the messages pushed to this connection in the range (`after`, `before`).

    The list may exceed `limit` by less than a page.
    """
    found: list[tuple[int, bytes]] = []
    before = min(before, publish.hub().watermark + 1)
    own, more = f"{call.caller.connection.id}.", True
    while more and len(found) <= limit:
        entries, more = await run(selectors.messages_after, call.user, after=after, upto=before - 1)
        for entry in entries:
            frame = encoders.protobuf_push(entry)
            if frame is not None and not entry.origin.startswith(own):
                found.append((entry.position, frame))
            after = entry.position
    return found
