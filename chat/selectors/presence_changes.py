"""Reads what clients are told of users who come online or go offline, in one round trip for any number of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs_of, blocks_statement
from chat.models import Channel
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery

_USERS: PreparedQuery[User] = PreparedQuery(
    lambda ids: User.objects.filter(pk__in=ids).only(
        "username", "nickname", "avatar", "kind", "shares_presence", "is_away"
    )
)
_CHANNELS: PreparedQuery[Channel] = PreparedQuery(
    lambda apps: Channel.objects.filter(app__number__in=apps).values_list("app__number", "app__enabled", "pk")
)


@dataclass(frozen=True, slots=True)
class PresenceChanges:
    """The users who share their presence, and what their events need."""

    users: Mapping[int, User]
    """Users by id, with the fields of a `Person` only."""
    hidden_from: Mapping[int, set[int]]
    """For users with a block, the ids of those from whom it hides them."""
    channels: Mapping[int, int]
    """The global channels of enabled apps, by the number of the app."""


def presence_changes(user_ids: Collection[int], apps: Collection[int]) -> PresenceChanges:
    """Return what the events about these users, at least one, on the apps with these numbers contain."""
    statements = [_USERS.statement(user_ids), blocks_statement(user_ids), _CHANNELS.statement(apps)]
    users, blocks, channels = execute_batch(statements)
    return PresenceChanges(
        {user.pk: user for user in _USERS.instances(users) if user.shares_presence},
        blocked_pairs_of(user_ids, blocks),
        {number: channel for number, enabled, channel in _CHANNELS.values(channels) if enabled},
    )
