"""Reactions to messages, and their threads, as histories show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from chat.models import Message
from chat.selectors.reactions import ReactionSummary, reactions_of
from chat.selectors.threads import ThreadSummary, threads_of


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """The reactions to a message, and its thread if it has answers."""

    message: Message
    reactions: Sequence[ReactionSummary]
    thread: ThreadSummary | None


def with_details(messages: Sequence[Message], reader: User) -> list[MessageDetails]:
    """Return the messages in the same order with their details, in a fixed number of queries."""
    ids = [message.pk for message in messages]
    reactions, threads = reactions_of(ids, reader), threads_of(ids, reader)
    return [MessageDetails(message, reactions.get(message.pk, ()), threads.get(message.pk)) for message in messages]
