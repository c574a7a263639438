"""One message, as a service reads, changes and takes it back: as itself, in a person's name, or as who manages groups.

What it may not know of is answered like what does not exist.
"""

from __future__ import annotations

from accounts.models import User
from accounts.selectors import person_by_name
from chat import errors
from chat.actions.message import message_edit, message_recall, message_recall_as_operator
from chat.actions.sending import SPEAK
from chat.actions.service_access import MANAGE, access_for_service
from chat.errors import ChatError
from chat.models import Message
from chat.selectors import access_message
from delivery import receipts


def message_for_service(user: User, message_id: int) -> Message:
    """A message that the service may read."""
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
    message, _ = message_edit(user=who, channel_id=_channel_of(message_id), message_id=message_id, text=text, app=None)
    return message


def message_recall_by_service(*, caller: User, message_id: int, author: str = "") -> None:
    """Take back a message that its author, or a manager of its group, could."""
    who = _acting(caller, author)
    channel = _channel_of(message_id)
    try:
        message_recall(user=who, channel_id=channel, message_id=message_id, app=None)
    except ChatError:
        # Where it is neither its author nor a manager by role, the right to manage all groups may do.
        if author or not caller.has_perm(MANAGE) or access_for_service(caller, channel).channel.kind != "public":
            raise
        message_recall_as_operator(operator=caller, message_id=message_id)


def _acting(caller: User, author: str) -> User:
    if not author:
        return caller
    if not caller.has_perm(SPEAK):
        raise ChatError(errors.NOT_AUTHORISED, f"To act as somebody else needs the permission {SPEAK}.")
    person = person_by_name(author)
    if person is None:
        raise ChatError(errors.NO_DATA, f"There is no person named {author}.", userId=author)
    return person


def _channel_of(message_id: int) -> int:
    found = Message.objects.filter(pk=message_id).values_list("channel", flat=True).first()
    if found is None:
        raise ChatError(errors.NO_DATA, "There is no such message.")
    return found
