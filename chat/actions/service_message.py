"""Calls of a service about one message, in its own name, in a user's name, or as a manager of groups.

A message that the service may not read is refused like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.models import User
from accounts.selectors.users import user_by_name
from chat import errors, reasons
from chat.actions.addressing import SPEAK_FOR_OTHERS
from chat.actions.attachment_removal import attachment_remove
from chat.actions.link_preview import message_remove_preview
from chat.actions.message import message_edit, message_recall
from chat.actions.reaction import Reacted, message_react, message_unreact
from chat.actions.saved import message_save
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Message, SavedMessage
from chat.selectors import access_message
from delivery.hub import receipts


def message_for_service(user: User, message_id: int) -> Message:
    """Return a message that the service may read. Raise ChatError MESSAGE_NOT_FOUND otherwise."""
    with _hide_channel_refusals():
        return access_message(user, access_for_service(user, _channel_id_of(message_id)), message_id)


def message_for_status(user: User, message_id: int) -> Message:
    """Return a message that the service may read, or that it sent by the API, in its own name or in a user's."""
    message = Message.objects.filter(pk=message_id).select_related("sender").first()
    if message is not None and user.pk in receipts.receipt_requested_by(message.position):
        return message
    return message_for_service(user, message_id)


def message_for_author(*, caller: User, message_id: int, author: str) -> Message:
    """Return a message that the author may read. `author`: a user name; empty: the service itself."""
    return message_for_service(_acting_user(caller, author), message_id)


def message_edit_by_service(*, caller: User, message_id: int, text: str, author: str = "") -> Message:
    """Replace the text of the author's own message. `author`: a user name; empty: the service itself."""
    user = _acting_user(caller, author)
    with _hide_channel_refusals():
        channel_id = _channel_id_of(message_id)
        message, _ = message_edit(user=user, channel_id=channel_id, message_id=message_id, text=text, app=None)
    return message


def message_recall_by_service(*, caller: User, message_id: int, author: str = "") -> None:
    """Recall a message as its author, or as a manager of its group.

    `author`: a user name; empty: the service itself.
    """
    user = _acting_user(caller, author)
    with _hide_channel_refusals():
        message_recall(user=user, channel_id=_channel_id_of(message_id), message_id=message_id, app=None)


def message_react_by_service(*, caller: User, message_id: int, emoji: str, author: str = "") -> Reacted:
    """Add a reaction; see `message_react`. `author`: a user name; empty: the service itself."""
    user = _acting_user(caller, author)
    with _hide_channel_refusals():
        channel_id = _channel_id_of(message_id)
        return message_react(user=user, channel_id=channel_id, message_id=message_id, emoji=emoji, app=None)


def message_unreact_by_service(*, caller: User, message_id: int, emoji: str, author: str = "") -> Reacted:
    """Remove a reaction; see `message_unreact`. `author`: a user name; empty: the service itself."""
    user = _acting_user(caller, author)
    with _hide_channel_refusals():
        channel_id = _channel_id_of(message_id)
        return message_unreact(user=user, channel_id=channel_id, message_id=message_id, emoji=emoji, app=None)


def message_remove_preview_by_service(*, caller: User, message_id: int, preview_id: str, author: str = "") -> None:
    """Remove a link preview; see `message_remove_preview`. `author`: a user name; empty: the service itself."""
    user = _acting_user(caller, author)
    with _hide_channel_refusals():
        channel_id = _channel_id_of(message_id)
        message_remove_preview(user=user, channel_id=channel_id, message_id=message_id, preview_id=preview_id, app=None)


def attachment_remove_by_service(*, caller: User, message_id: int, key: str, author: str = "") -> None:
    """Remove a file; see `attachment_remove`. `author`: a user name; empty: the service itself."""
    user = _acting_user(caller, author)
    channel_id = message_for_service(user, message_id).channel_id
    attachment_remove(user=user, channel_id=channel_id, message_id=message_id, key=key, app=None)


def message_save_by_service(*, caller: User, message_id: int) -> SavedMessage:
    """Save a message that the service may read; see `message_save`."""
    with _hide_channel_refusals():
        return message_save(user=caller, channel_id=_channel_id_of(message_id), message_id=message_id)


@contextmanager
def _hide_channel_refusals() -> Iterator[None]:
    """Refuse an unknown message and a message of a hidden channel alike."""
    try:
        yield
    except ChatError as refusal:
        if refusal.code is errors.NO_DATA:
            raise ChatError(reasons.MESSAGE_NOT_FOUND) from None
        raise


def _acting_user(caller: User, author: str) -> User:
    if not author:
        return caller
    if not caller.has_perm(SPEAK_FOR_OTHERS):
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=SPEAK_FOR_OTHERS)
    user = user_by_name(author)
    if user is None:
        raise ChatError(reasons.USER_NOT_FOUND, userId=author)
    return user


def _channel_id_of(message_id: int) -> int:
    channel_id = Message.objects.filter(pk=message_id).values_list("channel", flat=True).first()
    if channel_id is None:
        raise ChatError(reasons.MESSAGE_NOT_FOUND)
    return channel_id
