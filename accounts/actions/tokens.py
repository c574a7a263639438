"""Tokens: made, shown once, taken away. Only their hashes are kept; what their owner may know of them is a Device."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from knox.models import AuthToken

from accounts.actions.devices import device_create, devices_delete
from accounts.actions.revocations import revoke_credentials
from accounts.actions.user_persistence import lock_user
from accounts.credentials import token_credential
from accounts.errors import BadToken, NoSuchPerson
from accounts.models import Device, User
from accounts.names import BadName, check_name
from delivery.db.transactions import write

NAME_LIMIT = 100
_BATCH_SIZE = 500
"""Rows deleted by one statement."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token in plain text, this once, and what is known of it afterwards."""

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
    """A new token of an active person; expires after `lifetime`, else after IM_TOKEN_DAYS.

    Expired ones of the person are swept out on the way. NoSuchPerson for the deactivated.
    """
    lifetime = timedelta(days=settings.IM_TOKEN_DAYS) if lifetime is None else lifetime
    # Under the lock, so that no token appears behind a deactivation that is under way.
    with write():
        if not lock_user(user.pk).is_active:
            raise NoSuchPerson
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
    """A new token of a person who signs in with a program, in plain text."""
    return token_create(user=user, app=app, address=address).token


def service_token_create(
    *, service: User, name: str, days: int | None = None, created_by: User | None = None
) -> CreatedToken:
    """A token for another system or a bot, under a name that says which; for IM_TOKEN_DAYS unless it is said.

    BadToken for somebody who is no service, a bad name, or days out of range.
    """
    if service.kind != User.Kind.SERVICE:
        raise BadToken("%(name)s is no service. People get their tokens by signing in.", name=service)
    try:
        check_name(name, limit=NAME_LIMIT)
    except BadName as bad:
        raise BadToken(bad.text, **bad.params) from None
    days = settings.IM_TOKEN_DAYS if days is None else days
    if not 1 <= days <= settings.IM_SERVICE_TOKEN_DAYS_MAX:
        raise BadToken(
            "A token is valid for 1 to %(limit)s days, then make a new one.", limit=settings.IM_SERVICE_TOKEN_DAYS_MAX
        )
    return token_create(user=service, lifetime=timedelta(days=days), name=name, created_by=created_by)


def token_revoke(*, user_id: int, credential: str) -> None:
    """End the person's token that makes this credential (`user_by_token` tells it), and its connections."""
    tokens_revoke(user_id=user_id, credentials=[credential])


def tokens_revoke(*, user_id: int, credentials: list[str]) -> None:
    """The same for several tokens of one person."""
    with write():
        lock_user(user_id)
        for token in AuthToken.objects.filter(user_id=user_id):
            if token_credential(token.digest) in credentials:
                token.delete()
        devices_delete(*credentials)
        revoke_credentials(user_id, *credentials)


def tokens_delete(tokens: QuerySet[AuthToken]) -> None:
    """Delete tokens that let nobody in any more, and what was known of them. Ends no connection."""
    digests = list(tokens.values_list("digest", flat=True))
    for start in range(0, len(digests), _BATCH_SIZE):
        some = digests[start : start + _BATCH_SIZE]
        AuthToken.objects.filter(digest__in=some).delete()
        devices_delete(*map(token_credential, some))
