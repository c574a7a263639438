"""Reactions to messages, and their threads, as histories show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from chat.models import Message
from chat.selectors.reactions import ReactionSummary, reactions_of
from chat.selectors.threads import ThreadSummary, answer_counts, threads_of


@dataclass(frozen=True, slots=True)
class MessageDetails:
    """The reactions to a message, and its thread if it has answers.

    `thread_count` is that of the thread in which the message is an answer, if it is one.
    """

    message: Message
    reactions: Sequence[ReactionSummary]
    thread: ThreadSummary | None
    thread_count: int | None


def with_details(messages: Sequence[Message], reader: User) -> list[MessageDetails]:
    """Return the messages in the same order with their details, in a fixed number of queries."""
    ids = [message.pk for message in messages]
    reactions, threads = reactions_of(ids, reader), threads_of(ids, reader)
    counts = answer_counts({message.thread for message in messages if message.thread is not None})
    return [
        MessageDetails(message, reactions.get(message.pk, ()), threads.get(message.pk), counts.get(message.thread or 0))
        for message in messages
    ]
