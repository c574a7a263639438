"""Log-in on a connection: by token, by browser session, or as a new guest. Those that arrive together share the work.

A log-in is looked up in one step and not checked again. Instead the hub records what it delivers from before the
look-up: a revocation, join or leave that was committed after the look-up is an event, so it is either in that record,
or delivered to the registered connection later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts import actions as accounts
from accounts.credentials import token_digest
from accounts.errors import NameTaken, RateLimited
from accounts.models import User
from accounts.names import GUEST_NAME_MAX_LENGTH, BadName, check_guest_name, name_key
from accounts.rate_limits import count_anonymous, registration_rate_limit
from chat import account_errors, errors, reasons
from chat.account_errors import chat_error
from chat.errors import ChatError
from chat.selectors.logins import LoginApp, LoginLookup, login_lookup
from delivery import publish
from delivery.db.batches import BatchQueue
from delivery.db.executors import run
from delivery.hub.connection import Connection
from delivery.hub.hub import CredentialRevoked
from delivery.log import Entry, MembershipInterval

MAX_LOOKUPS = 128
"""Log-ins that are looked up together. More would block the event loop when their connections go on."""
MAX_GUESTS = 100
"""Guests that are created in one transaction."""


LOOKUP_INTERVAL_SECONDS = 0.008
"""Seconds between two look-ups while several log in."""
GUEST_INTERVAL_SECONDS = 0.02
"""Seconds between two transactions while several guests log in."""


@dataclass(frozen=True, slots=True, eq=False)
class LoginAttempt:
    """A request to log in: the token or the browser session, or the `name` of a new guest, and the app's number."""

    connection: Connection
    app_number: int
    name: str | None = None
    token: str = ""
    session_key: str = ""
    in_global_channel: bool = True
    """True if the connection receives the app's global channel."""


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The user who logged in, and the app. `token` is the token of a new guest; empty for other users."""

    user: User
    app: LoginApp
    token: str = ""


async def session_login(attempt: LoginAttempt) -> LoginResult:
    """Authenticate the connection and register it at the hub, which attaches it later.

    Its user is that of the token or the browser session, else a new guest. Raise ChatError INVALID_TOKEN,
    SESSION_ENDED, USER_ID_MISMATCH, UNKNOWN_APP, GUESTS_DISABLED, GUEST_NAME_LENGTH or TOO_MANY_CONNECTIONS, and the
    reasons of `check_guest_name`, `guests_create` and the registration rate limit. After TOO_MANY_CONNECTIONS the
    connection closes.
    """
    try:
        return await _log_in(attempt)
    except ChatError as refusal:
        if refusal.reason is reasons.TOO_MANY_CONNECTIONS:
            # The reply follows without a pause, so no other write comes before the close.
            code = errors.TOO_MANY_CONNECTIONS
            attempt.connection.close_after_reply(code.number, code.reason)
        raise


async def _log_in(attempt: LoginAttempt) -> LoginResult:
    found = await _lookups.submit(attempt)
    if isinstance(found, LoginResult):
        return found
    try:
        await registration_rate_limit.take_async(attempt.connection.address)
        check_guest_name(attempt.name or "")
        return await _new_guests.submit((attempt, found))
    except RateLimited as error:
        raise chat_error(error) from error
    except (BadName, NameTaken) as error:
        raise chat_error(error, code=errors.ILLEGAL_USER_ID) from error


async def _look_up(attempts: Sequence[LoginAttempt]) -> list[LoginResult | LoginApp | Exception]:
    """Register those whom a token or session authenticates. Return the app for those who are to be new guests."""
    with publish.hub().audience.record_changes() as changes:
        digests = {attempt: token_digest(attempt.token) for attempt in attempts if attempt.token}
        found = await run(
            login_lookup,
            set(digests.values()),
            {attempt.session_key for attempt in attempts if attempt.session_key and not attempt.token},
            {attempt.app_number for attempt in attempts},
        )
        outcomes: list[LoginResult | LoginApp | Exception] = []
        for attempt in attempts:
            try:
                outcomes.append(_admit(attempt, digests.get(attempt, ""), found, changes))
            except Exception as error:
                outcomes.append(error)
        return outcomes


def _admit(attempt: LoginAttempt, digest: str, found: LoginLookup, changes: Sequence[Entry]) -> LoginResult | LoginApp:
    known = None
    if attempt.token:
        known = found.by_digest.get(digest)
        if known is None:
            if wait := count_anonymous(attempt.connection.address):
                raise ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope="address")
            raise ChatError(reasons.INVALID_TOKEN)
    elif attempt.session_key:
        known = found.by_session.get(attempt.session_key)
        if known is None and attempt.name is None:
            raise ChatError(reasons.SESSION_ENDED)
    if known is None:
        if not attempt.name or len(attempt.name) > GUEST_NAME_MAX_LENGTH:
            raise ChatError(reasons.GUEST_NAME_LENGTH, limit=GUEST_NAME_MAX_LENGTH)
    elif attempt.name is not None and name_key(attempt.name) != name_key(known.by.user.public_name):
        raise ChatError(reasons.USER_ID_MISMATCH)
    app = _require_app(found, attempt.app_number, as_guest=known is None or known.by.user.is_guest)
    if known is None:
        return app
    _register(attempt, app, known.by.user, known.by.credential, known.by.expires, known.memberships, changes)
    return LoginResult(known.by.user, app)


def _require_app(found: LoginLookup, number: int, *, as_guest: bool) -> LoginApp:
    """Return the app with this number. Raise ChatError UNKNOWN_APP, or GUESTS_DISABLED for a guest."""
    app = found.apps.get(number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    if as_guest and not (settings.IM_GUESTS and app.guests_allowed):
        raise ChatError(account_errors.GUESTS_DISABLED)
    return app


async def _create_guests(attempts: Sequence[tuple[LoginAttempt, LoginApp]]) -> list[LoginResult | Exception]:
    with publish.hub().audience.record_changes() as changes:
        created = await run(_create_where_allowed, attempts)
        outcomes: list[LoginResult | Exception] = []
        for (attempt, app), guest in zip(attempts, created, strict=True):
            if isinstance(guest, Exception):
                outcomes.append(guest)
                continue
            try:
                _register(attempt, app, guest.user, guest.credential, guest.expires, (), changes)
            except ChatError as error:
                outcomes.append(error)
            else:
                outcomes.append(LoginResult(guest.user, app, guest.token))
        return outcomes


def _create_where_allowed(
    attempts: Sequence[tuple[LoginAttempt, LoginApp]],
) -> list[accounts.CreatedGuest | NameTaken | ChatError]:
    """Create the guests, or return their refusals.

    An app may have been disabled since its look-up, whose recording of changes has ended.
    """
    found = login_lookup((), (), {app.number for _, app in attempts})
    refused: dict[int, ChatError] = {}
    for index, (_, app) in enumerate(attempts):
        try:
            _require_app(found, app.number, as_guest=True)
        except ChatError as refusal:
            refused[index] = refusal
    wanted = [
        accounts.NewGuest(attempt.name or "", app.id, attempt.connection.address)
        for index, (attempt, app) in enumerate(attempts)
        if index not in refused
    ]
    created = iter(accounts.guests_create(wanted))
    return [refused[index] if index in refused else next(created) for index in range(len(attempts))]


def _register(
    attempt: LoginAttempt,
    app: LoginApp,
    user: User,
    credential: str,
    expires: datetime | None,
    memberships: Iterable[MembershipInterval],
    changes: Sequence[Entry],
) -> None:
    register_connection(
        attempt.connection,
        app,
        user,
        credential=credential,
        expires=expires.timestamp() if expires is not None else None,
        memberships=memberships,
        changes=changes,
        in_global_channel=attempt.in_global_channel,
    )


def register_connection(
    connection: Connection,
    app: LoginApp,
    user: User,
    *,
    credential: str,
    expires: float | None,
    memberships: Iterable[MembershipInterval],
    changes: Sequence[Entry],
    in_global_channel: bool,
) -> None:
    """Give the connection its user, and register it at the hub. `expires`: Unix seconds.

    `memberships` and `changes` are those of `Hub.register`. Raise ChatError TOO_MANY_CONNECTIONS or SESSION_ENDED.
    """
    hub, limit = publish.hub(), settings.IM_MAX_CONNECTIONS_PER_USER
    if hub.connection_count(user.pk) >= limit:
        raise ChatError(reasons.TOO_MANY_CONNECTIONS, limit=limit)
    connection.user_id, connection.name, connection.app = user.pk, user.public_name, app.number
    connection.nickname, connection.kind, connection.credential = user.nickname, user.kind, credential
    connection.channels = (app.channel,) if in_global_channel else ()
    connection.expires_at = expires
    try:
        hub.register(connection, memberships, changes)
    except CredentialRevoked:
        raise ChatError(reasons.SESSION_ENDED) from None


_lookups: BatchQueue[LoginAttempt, LoginResult | LoginApp] = BatchQueue(
    _look_up, max_size=MAX_LOOKUPS, name="log-ins", interval=LOOKUP_INTERVAL_SECONDS
)
_new_guests: BatchQueue[tuple[LoginAttempt, LoginApp], LoginResult] = BatchQueue(
    _create_guests, max_size=MAX_GUESTS, name="new guests", interval=GUEST_INTERVAL_SECONDS
)
