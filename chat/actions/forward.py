"""Forward messages: their text and files become a new message in another channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.selectors.users import user_by_name
from chat import payloads, reasons, rules
from chat.actions.service_access import access_for_service
from chat.errors import ChatError
from chat.models import Channel, Message
from chat.selectors import access_message
from chat.selectors.forwarding import knows_channel
from chat.sending.drafts import Draft, Forward


def forward_draft(
    *,
    sender: User,
    source: int,
    message_id: int,
    channel: int,
    files: Sequence[str] = (),
    client_id: str | None = None,
    app: int | None = None,
    **fields: Any,
) -> Draft:
    """Return a draft that forwards a message of the channel `source` to the other `channel`.

    `files`: keys of the files to forward without the text; empty: the whole message. Raise ChatError unless the sender
    may read the message now; the commit checks whether they may send to the channel, and that the message is still
    there.
    """
    if len(files) > settings.IM_ATTACHMENTS_PER_MESSAGE:
        raise ChatError(reasons.TOO_MANY_ATTACHMENTS, limit=settings.IM_ATTACHMENTS_PER_MESSAGE)
    access = access_for_service(sender, source, app=app)
    message = access_message(sender, access, message_id)
    if message.recalled_at is not None:
        raise ChatError(reasons.MESSAGE_RECALLED)
    target = Channel.objects.filter(pk=channel).first()
    if target is None:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    return Draft(
        sender=sender.pk,
        channel=channel,
        text="",
        client_id=rules.check_client_id(client_id),
        forward=Forward(
            message=message.pk,
            files=tuple(files),
            origin=_origin(message, access.channel, target),
            origin_user=_origin_user(message),
        ),
        app=app,
        **fields,
    )


def _origin(message: Message, channel: Channel, target: Channel) -> dict[str, Any]:
    """Return the origin to name in the target channel. A message that was forwarded before keeps its first origin."""
    if message.forwarded is None:
        return payloads.forward_origin(message, channel if knows_channel(target, channel) else None)
    origin: dict[str, Any] = message.forwarded
    first = Channel.objects.filter(pk=int(origin["target"])).first() if "target" in origin else None
    if first is not None and knows_channel(target, first):
        return origin
    return {name: value for name, value in origin.items() if name not in payloads.ORIGIN_CHANNEL_FIELDS}


def _origin_user(message: Message) -> int:
    """Return the id of the user whom the origin names; of a service's message in a user's name, that user."""
    if message.forwarded_from is not None:
        return message.forwarded_from
    user = user_by_name(message.shown_as) if message.shown_as else None
    return message.sender_id if user is None else user.pk
