"""One message, as a service reads, changes and takes it back: as itself, in a person's name, or as who manages groups.

What it may not know of is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.models import User
from accounts.selectors.users import user_by_name
from chat import errors
from chat.actions.bulk_send import SPEAK
from chat.actions.message import message_edit, message_recall
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Message
from chat.selectors import access_message
from delivery.hub import receipts


def message_for_service(user: User, message_id: int) -> Message:
    """A message that the service may read."""
    with _hidden_or_absent():
        return access_message(user, access_for_service(user, _channel_of(message_id)), message_id)


def message_for_status(user: User, message_id: int) -> Message:
    """A message that the service sent by the API, in whose name ever, or that it may read."""
    message = Message.objects.filter(pk=message_id).select_related("sender").first()
    if message is not None and user.pk in receipts.asked_for_by(message.position):
        return message
    return message_for_service(user, message_id)


def message_edit_by_service(*, caller: User, message_id: int, text: str, author: str = "") -> Message:
    """Replace the text of the author's own message (`author` empty: the service itself)."""
    who = _acting(caller, author)
    with _hidden_or_absent():
        channel = _channel_of(message_id)
        message, _ = message_edit(user=who, channel_id=channel, message_id=message_id, text=text, app=None)
    return message


def message_recall_by_service(*, caller: User, message_id: int, author: str = "") -> None:
    """Take back a message that its author, or a manager of its group, could."""
    who = _acting(caller, author)
    with _hidden_or_absent():
        message_recall(user=who, channel_id=_channel_of(message_id), message_id=message_id, app=None)


@contextmanager
def _hidden_or_absent() -> Iterator[None]:
    """Whether it is the message that does not exist or its channel that the caller may not know of: one answer."""
    try:
        yield
    except ChatError as refusal:
        if refusal.code is errors.NO_DATA:
            raise ChatError(errors.NO_DATA, "There is no such message.") from None
        raise


def _acting(caller: User, author: str) -> User:
    if not author:
        return caller
    if not caller.has_perm(SPEAK):
        raise ChatError(errors.NOT_AUTHORISED, f"To act as somebody else needs the permission {SPEAK}.")
    person = user_by_name(author)
    if person is None:
        raise ChatError(errors.NO_DATA, f"There is no person named {author}.", userId=author)
    return person


def _channel_of(message_id: int) -> int:
    found = Message.objects.filter(pk=message_id).values_list("channel", flat=True).first()
    if found is None:
        raise ChatError(errors.NO_DATA, "There is no such message.")
    return found
