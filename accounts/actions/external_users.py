"""External users: accounts that a service creates under its own ids and signs in with short-lived tokens.

A service cannot find or change users of other services with these actions.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import errors
from accounts.actions.managed_users import user_rename
from accounts.actions.tokens import CreatedToken, token_create, tokens_revoke
from accounts.actions.user_persistence import insert_user, lock_user
from accounts.actions.users import user_deactivate
from accounts.credentials import service_credential
from accounts.errors import AccountError, BadExternalId, BadToken, NoSuchUser
from accounts.models import ExternalUser, User
from accounts.names import check_nickname, is_storable
from accounts.selectors.external_users import external_user_by_id, external_users_by_ids, token_credentials_for
from delivery.db.transactions import write

EXTERNAL_ID_MAX_LENGTH = 200
TOKEN_MIN_SECONDS = 60
_BATCH_SIZE = 50
"""Users created in one transaction. A longer transaction would delay messages."""
_SERVICE_NAME_LENGTH = 40
"""Characters of the service's name that begin the generated user names."""


@dataclass(frozen=True, slots=True)
class ExternalUserData:
    """A user as a service describes them. An empty nickname keeps that of an existing user."""

    external_id: str
    nickname: str = ""


@dataclass(frozen=True, slots=True)
class ExternalUserResult:
    """A user of a service. `created` is True if this call created them."""

    user: User
    created: bool


def external_user_upsert(*, service: User, data: ExternalUserData) -> ExternalUserResult:
    """Create or find a user of the service and set their nickname. Raises BadExternalId, BadNickname."""
    result = external_users_import(service=service, users=[data])[0]
    if isinstance(result, AccountError):
        raise result
    return result


def external_users_import(
    *, service: User, users: Sequence[ExternalUserData]
) -> list[ExternalUserResult | AccountError]:
    """Create or find many users. Returns one result for each in the same order; an error does not stop the others."""
    results: list[ExternalUserResult | AccountError] = []
    for start in range(0, len(users), _BATCH_SIZE):
        results += _import_batch(service, users[start : start + _BATCH_SIZE])
    return results


def external_user_deactivate(*, service: User, external_id: str) -> None:
    """Deactivate a user of the service and end their tokens and connections.

    Raises NoSuchUser if the service has no such user.
    """
    user_deactivate(user_id=_own_user(service, external_id).pk)


def external_token_create(*, service: User, external_id: str, seconds: int | None = None) -> CreatedToken:
    """Create a token with which the service's app logs one of its users in.

    Raises NoSuchUser for other and inactive users, and BadToken for seconds out of range.
    """
    seconds = settings.IM_EXTERNAL_TOKEN_SECONDS if seconds is None else seconds
    longest = settings.IM_EXTERNAL_TOKEN_SECONDS_MAX
    if not TOKEN_MIN_SECONDS <= seconds <= longest:
        raise BadToken(
            errors.TOKEN_SECONDS,
            shortest=TOKEN_MIN_SECONDS,
            longest=longest,
        )
    user = _own_user(service, external_id)
    return token_create(user=user, lifetime=timedelta(seconds=seconds), name=service.nickname, created_by=service)


def external_tokens_revoke(*, service: User, external_id: str) -> None:
    """Revoke all tokens that the service has created for one of its users, and close their connections.

    Connections of widgets close too. No table holds their tokens, which stay valid until they expire. Raises NoSuchUser
    if the service has no such user.
    """
    user = _own_user(service, external_id)
    credentials = [*token_credentials_for(user, created_by=service), service_credential(service.pk)]
    tokens_revoke(user_id=user.pk, credentials=credentials)


def _own_user(service: User, external_id: str) -> User:
    """Return the service's user with this id. Raises NoSuchUser for unknown ids and for users who have become staff."""
    user = external_user_by_id(service, external_id)
    if user is None or user.is_staff or user.is_superuser:
        raise NoSuchUser
    return user


def _import_batch(service: User, users: Sequence[ExternalUserData]) -> list[ExternalUserResult | AccountError]:
    existing = external_users_by_ids(service, {data.external_id for data in users if _is_valid_id(data.external_id)})
    checked = [_checked(data, existing.get(data.external_id)) for data in users]
    missing: dict[str, ExternalUserData] = {}
    for data in checked:
        if isinstance(data, ExternalUserData) and data.external_id not in existing:
            missing.setdefault(data.external_id, data)
    created = {}
    if missing:
        with write():
            # The lock serializes imports of one service, so an id is created once.
            lock_user(service.pk)
            existing |= external_users_by_ids(service, missing)
            created = {
                external_id: _create_user(service, data)
                for external_id, data in missing.items()
                if external_id not in existing
            }
            ExternalUser.objects.bulk_create(
                [
                    ExternalUser(service=service, external_id=external_id, user=user)
                    for external_id, user in created.items()
                ]
            )
    results: list[ExternalUserResult | AccountError] = []
    for data in checked:
        if isinstance(data, AccountError):
            results.append(data)
        elif data.external_id in created:
            # If an id occurs twice in the batch, only its first entry counts as created.
            is_first = data is missing[data.external_id]
            results.append(ExternalUserResult(created[data.external_id], created=is_first))
        else:
            user = _with_nickname(existing[data.external_id], data.nickname)
            results.append(ExternalUserResult(user, created=False))
    return results


def _checked(data: ExternalUserData, user: User | None) -> ExternalUserData | AccountError:
    if not _is_valid_id(data.external_id):
        return BadExternalId()
    try:
        if data.nickname and (user is None or data.nickname != user.nickname):
            check_nickname(data.nickname)
    except AccountError as error:
        return error
    return data


def _is_valid_id(text: str) -> bool:
    """Return whether the id can be stored and used as one segment of a URL path."""
    fits = 0 < len(text) <= EXTERNAL_ID_MAX_LENGTH and text.isprintable() and is_storable(text)
    return fits and "/" not in text and text not in (".", "..")


def _create_user(service: User, data: ExternalUserData) -> User:
    user = User(
        username=f"{service.username[:_SERVICE_NAME_LENGTH]}.{secrets.token_hex(8)}",
        nickname=data.nickname or service.nickname,
        password=make_password(None),
    )
    insert_user(user)
    return user


def _with_nickname(user: User, nickname: str) -> User:
    if not nickname or nickname == user.nickname:
        return user
    return user_rename(user_id=user.pk, nickname=nickname)
