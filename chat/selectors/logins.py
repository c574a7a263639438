"""Reads everything that a batch of log-ins needs, in a number of queries that does not depend on its size."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.selectors.authentication import (
    Authentication,
    authenticate_sessions,
    authenticate_token_rows,
    tokens_statement,
)
from chat.models import Channel
from chat.selectors.memberships import intervals_by_token, intervals_by_token_statement, intervals_by_user
from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery
from delivery.log import MembershipInterval

_LARGEST_APP_NUMBER = 2**31 - 1
_APPS: PreparedQuery[Channel] = PreparedQuery(
    lambda numbers: Channel.objects.filter(app__number__in=numbers).values_list(
        "app", "app__number", "app__name", "app__enabled", "app__guests_allowed", "pk"
    )
)


@dataclass(frozen=True, slots=True)
class LoginApp:
    """An enabled app: its row id, and the id of its global channel."""

    id: int
    number: int
    name: str
    guests_allowed: bool
    channel: int


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user who is authenticated, with all membership intervals in all channels."""

    by: Authentication
    memberships: Sequence[MembershipInterval]


@dataclass(slots=True)
class LoginLookup:
    """The result for a batch of log-ins. Tokens and sessions that are not valid, and unknown apps, are left out."""

    apps: Mapping[int, LoginApp]
    """Enabled apps by number."""
    by_digest: dict[str, KnownUser] = field(default_factory=dict)
    by_session: dict[str, KnownUser] = field(default_factory=dict)


def login_lookup(digests: Collection[str], session_keys: Collection[str], apps: Collection[int]) -> LoginLookup:
    """Return the users of these tokens and browser sessions with their memberships, and the apps with these numbers.

    Users of tokens and their memberships are read in one round trip with the apps, those of sessions in three more.
    """
    numbers = {number for number in apps if 0 < number <= _LARGEST_APP_NUMBER}
    statements: list[Statement] = [_APPS.statement(numbers)] if numbers else []
    if digests:
        statements += [tokens_statement(digests), intervals_by_token_statement(digests)]
    rows = iter(execute_batch(statements)) if statements else iter(())
    found = LoginLookup(_read_apps(next(rows)) if numbers else {})
    if digests:
        authenticated, intervals = authenticate_token_rows(next(rows)), intervals_by_token(next(rows))
        found.by_digest = {key: KnownUser(known, intervals.get(key, ())) for key, known in authenticated.items()}
    if session_keys and (sessions := authenticate_sessions(session_keys)):
        of_users = intervals_by_user({known.user.pk for known in sessions.values()})
        found.by_session = {key: KnownUser(known, of_users.get(known.user.pk, ())) for key, known in sessions.items()}
    return found


def _read_apps(rows: Sequence[Sequence[Any]]) -> dict[int, LoginApp]:
    return {
        number: LoginApp(app_id, number, name, guests_allowed, channel)
        for app_id, number, name, enabled, guests_allowed, channel in _APPS.values(rows)
        if enabled
    }
