"""Add a reaction to a message, and remove it: for every user who can post in the channel."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.block_checks import require_peer_not_blocking
from chat.actions.message import message_event
from chat.custom_emoji_names import name_between_colons
from chat.errors import ChatError
from chat.models import Message, Reaction, ReactionUser
from chat.reaction_emoji import normalize_emoji
from chat.selectors import Access, access_channel, access_message
from chat.selectors.custom_emoji import is_custom_emoji
from chat.selectors.restrictions import require_unmuted
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import MESSAGE_REACTED, MESSAGE_UNREACTED
from delivery import log, publish
from delivery.db.transactions import write


@dataclass(frozen=True, slots=True)
class Reacted:
    """A message with the emoji in its recommended form, and the number of users who have chosen it now.

    A custom emoji is its name between colons. `position` is that of the event; None if nothing has changed.
    """

    message: Message
    emoji: str
    count: int
    position: int | None


def message_react(
    *, user: User, channel_id: int, message_id: int, emoji: str, app: int | None, origin: str = ""
) -> Reacted:
    """Add the user's reaction. Nothing changes if the user has chosen the emoji before.

    Raise ChatError NOT_AN_EMOJI, MESSAGE_RECALLED, or REACTION_LIMIT_REACHED for one more emoji than allowed.
    """
    form = _require_emoji(emoji)
    name = name_between_colons(form)
    if name is not None and not is_custom_emoji(name):
        raise _not_an_emoji()
    with write():
        access, message = _lock(user, channel_id, message_id, app)
        if message.recalled_at is not None:
            raise ChatError(reasons.MESSAGE_RECALLED)
        present = Reaction.objects.filter(message=message)
        reaction = present.filter(emoji=form).first() or Reaction(message=message, emoji=form, count=0)
        if reaction.count and reaction.users.filter(user=user).exists():
            return Reacted(message, form, reaction.count, None)
        limit = settings.IM_MAX_EMOJI_PER_MESSAGE
        if not reaction.count and present.filter(count__gt=0).count() >= limit:
            raise ChatError(reasons.REACTION_LIMIT_REACHED, limit=limit)
        reacted = _announce(MESSAGE_REACTED, message, access, user, reaction, reaction.count + 1, origin)
        ReactionUser.objects.create(reaction=reaction, user=user, time=log.now_ms())
        return reacted


def message_unreact(
    *, user: User, channel_id: int, message_id: int, emoji: str, app: int | None, origin: str = ""
) -> Reacted:
    """Remove the user's reaction, also one with a custom emoji that is gone. Nothing changes if there is none."""
    form = _require_emoji(emoji)
    with write():
        access, message = _lock(user, channel_id, message_id, app)
        reaction = Reaction.objects.filter(message=message, emoji=form).first()
        if reaction is None or not reaction.users.filter(user=user).delete()[0]:
            return Reacted(message, form, 0 if reaction is None else reaction.count, None)
        return _announce(MESSAGE_UNREACTED, message, access, user, reaction, reaction.count - 1, origin)


def _require_emoji(text: str) -> str:
    """Return the form in which the emoji is stored: the one that Unicode recommends, or a name between colons."""
    name = name_between_colons(text)
    form = normalize_emoji(text) if name is None else f":{name}:"
    if form is None:
        raise _not_an_emoji()
    return form


def _not_an_emoji() -> ChatError:
    return ChatError(reasons.NOT_AN_EMOJI, field="emoji")


def _lock(user: User, channel_id: int, message_id: int, app: int | None) -> tuple[Access, Message]:
    """Lock the channel, so that reactions are counted one after the other, and check the user's rights."""
    access = access_channel(user, channel_id, app=app, lock=True)
    message = access_message(user, access, message_id)
    rules.require_open_channel(access.channel.closed)
    require_unmuted(user.pk, access.channel)
    require_peer_not_blocking(user, access.channel)
    return access, message


def _announce(
    kind: EventKind, message: Message, access: Access, by: User, reaction: Reaction, count: int, origin: str
) -> Reacted:
    """Append the event, and store the reaction's new count with the event's position."""
    body = payloads.reacted(message, by, reaction.emoji, count)
    entries = log.append([message_event(message, kind, access, origin, body)])
    reaction.count, reaction.position = count, entries[0].position
    reaction.save()
    publish.after_commit(entries)
    return Reacted(message, reaction.emoji, count, reaction.position)
