"""Tokens: create and revoke. Only hashes are stored; a Device holds what the owner sees of a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from knox.models import AuthToken

from accounts import errors
from accounts.actions.devices import device_create, devices_delete
from accounts.actions.revocations import revoke_credentials
from accounts.actions.user_persistence import lock_user
from accounts.credentials import token_credential
from accounts.errors import BadToken, NoSuchUser
from accounts.models import Device, User
from accounts.names import BadName, check_name
from delivery.db.transactions import write

NAME_MAX_LENGTH = 100
_BATCH_SIZE = 500
"""Tokens deleted by one statement."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token: its secret in plain text, which is available only here, and its device and expiry."""

    token: str = field(repr=False)
    device: Device
    expires: datetime


def token_create(
    *,
    user: User,
    lifetime: timedelta | None = None,
    name: str = "",
    app: int | None = None,
    address: str | None = None,
    created_by: User | None = None,
) -> CreatedToken:
    """Create a token of an active user. It expires after `lifetime`, by default after IM_TOKEN_DAYS.

    Deletes the user's expired tokens. Raises NoSuchUser for deactivated users.
    """
    lifetime = timedelta(days=settings.IM_TOKEN_DAYS) if lifetime is None else lifetime
    # The lock keeps a concurrent deactivation from missing the new token.
    with write():
        if not lock_user(user.pk).is_active:
            raise NoSuchUser
        tokens_delete(AuthToken.objects.filter(user_id=user.pk, expiry__lte=timezone.now()))
        row, token = AuthToken.objects.create(user, expiry=lifetime)
        device = device_create(
            user=user,
            kind=Device.Kind.TOKEN,
            credential=token_credential(row.digest),
            name=name,
            app=app,
            address=address,
            created_by=created_by,
        )
    return CreatedToken(str(token), device, row.expiry)


def token_issue(*, user: User, app: int | None = None, address: str | None = None) -> str:
    """Create a token for a user who signs in with a program. Returns its secret."""
    return token_create(user=user, app=app, address=address).token


def service_token_create(
    *, service: User, name: str, days: int | None = None, created_by: User | None = None
) -> CreatedToken:
    """Create a named token of a service. It expires after `days`, by default after IM_TOKEN_DAYS.

    Raises BadToken for other kinds of users, for a name that is not valid, and for days out of range.
    """
    if service.kind != User.Kind.SERVICE:
        raise BadToken(errors.TOKEN_NOT_A_SERVICE, name=service.username)
    try:
        check_name(name, limit=NAME_MAX_LENGTH)
    except BadName as bad:
        raise BadToken(bad.reason, **bad.params) from None
    days = settings.IM_TOKEN_DAYS if days is None else days
    if not 1 <= days <= settings.IM_SERVICE_TOKEN_DAYS_MAX:
        raise BadToken(errors.TOKEN_DAYS, limit=settings.IM_SERVICE_TOKEN_DAYS_MAX)
    return token_create(user=service, lifetime=timedelta(days=days), name=name, created_by=created_by)


def token_revoke(*, user_id: int, credential: str) -> None:
    """Delete the user's token with this credential (see `user_by_token`) and close its connections."""
    tokens_revoke(user_id=user_id, credentials=[credential])


def tokens_revoke(*, user_id: int, credentials: list[str]) -> None:
    """Delete the user's tokens with these credentials and close their connections."""
    with write():
        lock_user(user_id)
        for token in AuthToken.objects.filter(user_id=user_id):
            if token_credential(token.digest) in credentials:
                token.delete()
        devices_delete(*credentials)
        revoke_credentials(user_id, *credentials)


def tokens_delete(tokens: QuerySet[AuthToken]) -> None:
    """Delete expired tokens and their devices. Does not close connections."""
    digests = list(tokens.values_list("digest", flat=True))
    for start in range(0, len(digests), _BATCH_SIZE):
        batch = digests[start : start + _BATCH_SIZE]
        AuthToken.objects.filter(digest__in=batch).delete()
        devices_delete(*map(token_credential, batch))
