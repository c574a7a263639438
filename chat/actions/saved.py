"""Save messages for later. Only the user knows of it, and sees a saved message only while they may read it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.models import User
from chat import payloads, reasons
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Message, SavedMessage
from chat.selectors import access_message
from chat.wire.schema.events import SAVED_CHANGED
from delivery import log, publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def message_save(
    *, user: User, channel_id: int, message_id: int, app: int | None = None, connection: Connection | None = None
) -> SavedMessage:
    """Save a message that the user may read. One that is saved already stays as it is.

    Raise ChatError MESSAGE_RECALLED, or SAVED_LIMIT_REACHED; recalled messages do not count.
    """
    with write():
        # Several at once could exceed the limit otherwise, or outlive the account. The channel needs no lock.
        active = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True)
        if not active.values_list("pk", flat=True):
            raise ChatError(reasons.ACCOUNT_INACTIVE)
        message = access_message(user, access_for_service(user, channel_id, app=app), message_id)
        saved = SavedMessage.objects.filter(user=user)
        if (known := saved.filter(message=message).first()) is not None:
            return known
        if message.recalled_at is not None:
            raise ChatError(reasons.MESSAGE_RECALLED)
        limit = settings.IM_MAX_SAVED_MESSAGES
        if saved.filter(message__recalled_at=None).count() >= limit:
            raise ChatError(reasons.SAVED_LIMIT_REACHED, limit=limit)
        row = SavedMessage.objects.create(user=user, message=message, saved_at=log.now_ms())
    _announce(user, message, row, connection)
    return row


def message_unsave(*, user: User, message_id: int, connection: Connection | None = None) -> bool:
    """Remove a message from the user's saved ones, readable or not. Return False if it is not among them."""
    with write():
        saved = SavedMessage.objects.filter(user=user, message=message_id).select_related("message").first()
        if saved is None:
            return False
        saved.delete()
    _announce(user, saved.message, None, connection)
    return True


def saved_delete_all(user_id: int) -> None:
    """Forget all saved messages of a user, in the open transaction."""
    SavedMessage.objects.filter(user=user_id).delete()


def saved_payload(row: SavedMessage) -> dict[str, Any]:
    """Return a `SavedMessage`."""
    return payloads.message(row.message, row.message.sender) | {"savedAt": row.saved_at}


def saved_mark(message: Message, row: SavedMessage | None) -> dict[str, Any]:
    """Return a `SavedMark`. `row`: None if the message is not saved any more."""
    data: dict[str, Any] = {"target": str(message.channel_id), "id": str(message.pk)}
    return data if row is None else data | {"savedAt": row.saved_at}


def _announce(user: User, message: Message, row: SavedMessage | None, connection: Connection | None) -> None:
    """Tell the user's other connections."""
    body = saved_mark(message, row)
    publish.push_transient(Entry(kind=SAVED_CHANGED.name, user_ids=(user.pk,), body=body), connection)
