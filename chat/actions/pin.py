"""Pin and unpin messages: in groups by owners and admins, in private channels by both users."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.block_checks import require_peer_not_blocking
from chat.actions.message import message_event
from chat.errors import ChatError
from chat.models import Channel, Message, Pin
from chat.selectors import Access, access_channel, access_message
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import MESSAGE_PINNED, MESSAGE_UNPINNED
from delivery import log, publish
from delivery.db.transactions import write


def message_pin(*, user: User, channel_id: int, message_id: int, origin: str = "") -> tuple[Message, int | None]:
    """Pin a message. Return it with the position of the event; None if it was pinned already."""
    with write():
        access = access_channel(user, channel_id, lock=True)
        message = access_message(user, access, message_id)
        _require_can_pin(access)
        require_peer_not_blocking(user, access.channel)
        return message, pin_locked(message, access, user, origin)


def message_unpin(*, user: User, channel_id: int, message_id: int, origin: str = "") -> tuple[Message, int | None]:
    """Unpin a message. Return it with the position of the event; None if it was not pinned."""
    with write():
        access = access_channel(user, channel_id, lock=True)
        message = access_message(user, access, message_id)
        _require_can_pin(access)
        require_peer_not_blocking(user, access.channel)
        return message, unpin_locked(message, access, user, origin)


def message_pin_as_operator(*, operator: User, message_id: int) -> None:
    """Pin a message in any channel, as an operator."""
    with write():
        message, access = _lock_as_operator(message_id)
        pin_locked(message, access, operator, "")


def message_unpin_as_operator(*, operator: User, message_id: int) -> None:
    with write():
        message, access = _lock_as_operator(message_id)
        unpin_locked(message, access, operator, "")


def _lock_as_operator(message_id: int) -> tuple[Message, Access]:
    message = Message.objects.get(pk=message_id)
    channel = Channel.objects.select_for_update(no_key=True).get(pk=message.channel_id)
    message.refresh_from_db()
    return message, Access(channel, None)


def _require_can_pin(access: Access) -> None:
    if access.channel.kind != Channel.Kind.PRIVATE:
        rules.require_manager(access.role)
    rules.require_open_channel(access.channel.closed)


def pin_locked(message: Message, access: Access, by: User, origin: str) -> int | None:
    """Pin a message in a transaction that has locked the channel."""
    if message.recalled_at is not None:
        raise ChatError(reasons.MESSAGE_RECALLED)
    pins = Pin.objects.filter(channel=access.channel)
    if pins.filter(message=message).exists():
        return None
    if pins.count() >= settings.IM_MAX_PINS_PER_CHANNEL:
        limit = settings.IM_MAX_PINS_PER_CHANNEL
        raise ChatError(reasons.PIN_LIMIT_REACHED, limit=limit)
    Pin.objects.create(channel=access.channel, message=message, pinned_by=by, pinned_at=log.now_ms())
    return _append_pin_event(MESSAGE_PINNED, message, access, by, origin)


def unpin_locked(message: Message, access: Access, by: User, origin: str) -> int | None:
    gone, _ = Pin.objects.filter(message=message).delete()
    return _append_pin_event(MESSAGE_UNPINNED, message, access, by, origin) if gone else None


def _append_pin_event(kind: EventKind, message: Message, access: Access, by: User, origin: str) -> int:
    entries = log.append([message_event(message, kind, access, origin, payloads.pinned(message, by))])
    publish.after_commit(entries)
    return entries[0].position
