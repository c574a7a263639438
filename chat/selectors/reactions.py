"""Reactions to messages: for each emoji how many users chose it, and the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from chat.models import Reaction, ReactionUser

MAX_NAMED_USERS = 10
"""Users listed for each emoji of a message; all are counted."""


@dataclass(slots=True)
class ReactionSummary:
    """One emoji of a message. `users` are the first ones who chose it; `is_mine`: the reader did."""

    emoji: str
    count: int
    position: int
    is_mine: bool = False
    users: list[User] = field(default_factory=list)


def reactions_of(message_ids: Sequence[int], reader: User) -> dict[int, list[ReactionSummary]]:
    """Return the reactions of these messages by message id, the emoji that was used first at the start.

    An emoji that nobody chooses any more has the count 0. A message that never had a reaction is absent. Takes one
    query if there are none, else four.
    """
    rows = list(Reaction.objects.filter(message__in=message_ids).order_by("pk"))
    summaries = {row.pk: ReactionSummary(row.emoji, row.count, row.position) for row in rows}
    if any(row.count for row in rows):
        _add_users(summaries, reader)
    found: dict[int, list[ReactionSummary]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(summaries[row.pk])
    return found


def _add_users(summaries: dict[int, ReactionSummary], reader: User) -> None:
    choices = ReactionUser.objects.filter(reaction__in=list(summaries))
    for reaction in choices.filter(user=reader).values_list("reaction", flat=True):
        summaries[reaction].is_mine = True
    place = Window(RowNumber(), partition_by=F("reaction"), order_by="pk")
    first = choices.annotate(place=place).filter(place__lte=MAX_NAMED_USERS).order_by("pk")
    named = list(first.values_list("reaction", "user"))
    users = User.objects.in_bulk({user for _, user in named})
    for reaction, user in named:
        summaries[reaction].users.append(users[user])
