"""A business's own people: made under the names it has for them, and let in by short-lived tokens it asks for.

What a service made is its own: no other service finds or changes it by these actions.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.actions.managed_users import user_rename
from accounts.actions.tokens import CreatedToken, token_create, tokens_revoke
from accounts.actions.user_persistence import insert_user, lock_user
from accounts.actions.users import user_deactivate
from accounts.errors import AccountError, BadExternalId, BadToken, NoSuchPerson
from accounts.models import ExternalUser, User
from accounts.names import check_nickname, is_storable
from accounts.selectors.external_users import external_user_by_id, external_users_by_ids, token_credentials_for
from delivery.db.transactions import write

ID_LIMIT = 200
SHORTEST = 60
"""Seconds for which a token is made at least."""
_BATCH_SIZE = 50
"""People made in one transaction: a long one would hold up everybody's messages."""
_SERVICE_NAME = 40


@dataclass(frozen=True, slots=True)
class ExternalUserResult:
    """Somebody of a service's own people; `created`: by this very call."""

    user: User
    created: bool


@dataclass(frozen=True, slots=True)
class ExternalUserData:
    """What a service says of one of its people. Without a nickname a known one keeps theirs."""

    external_id: str
    nickname: str = ""


def external_user_upsert(*, service: User, given: ExternalUserData) -> ExternalUserResult:
    """Make or find the person, and show them under the nickname. BadExternalId, BadNickname."""
    known = external_users_import(service=service, given=[given])[0]
    if isinstance(known, AccountError):
        raise known
    return known


def external_users_import(
    *, service: User, given: Sequence[ExternalUserData]
) -> list[ExternalUserResult | AccountError]:
    """The same for many; one that cannot be is an error in its place, and keeps no other back."""
    outcomes: list[ExternalUserResult | AccountError] = []
    for start in range(0, len(given), _BATCH_SIZE):
        outcomes += _import(service, given[start : start + _BATCH_SIZE])
    return outcomes


def external_user_deactivate(*, service: User, external_id: str) -> None:
    """Shut one of the service's people out, and end their tokens and connections. NoSuchPerson for anybody else."""
    user_deactivate(user_id=_own(service, external_id).pk)


def external_token_create(*, service: User, external_id: str, seconds: int | None = None) -> CreatedToken:
    """A token by which the service's app lets one of its people in.

    NoSuchPerson for who is none of them, or is not active; BadToken for seconds out of range.
    """
    seconds = settings.IM_EXTERNAL_TOKEN_SECONDS if seconds is None else seconds
    longest = settings.IM_EXTERNAL_TOKEN_SECONDS_MAX
    if not SHORTEST <= seconds <= longest:
        raise BadToken(
            "A token of a person is valid for %(shortest)s to %(longest)s seconds.", shortest=SHORTEST, longest=longest
        )
    user = _own(service, external_id)
    return token_create(user=user, lifetime=timedelta(seconds=seconds), name=service.nickname, created_by=service)


def external_tokens_revoke(*, service: User, external_id: str) -> None:
    """End all tokens that the service had made for one of its people, and the connections made by them."""
    user = _own(service, external_id)
    tokens_revoke(user_id=user.pk, credentials=token_credentials_for(user, by=service))


def _own(service: User, external_id: str) -> User:
    """One of the service's own people. Who may do something here by now is nobody's to let in."""
    user = external_user_by_id(service, external_id)
    if user is None or user.is_staff or user.is_superuser:
        raise NoSuchPerson
    return user


def _import(service: User, given: Sequence[ExternalUserData]) -> list[ExternalUserResult | AccountError]:
    wanted = [_checked(one) for one in given]
    ids = {one.external_id for one in wanted if isinstance(one, ExternalUserData)}
    known = external_users_by_ids(service, ids)
    missing: dict[str, ExternalUserData] = {}
    for one in wanted:
        if isinstance(one, ExternalUserData) and one.external_id not in known:
            missing.setdefault(one.external_id, one)
    created = {}
    if missing:
        with write():
            # Whoever else makes people for the service waits here.
            lock_user(service.pk)
            known |= external_users_by_ids(service, missing)
            created = {
                external_id: _made(service, one) for external_id, one in missing.items() if external_id not in known
            }
            ExternalUser.objects.bulk_create(
                [
                    ExternalUser(service=service, external_id=external_id, user=user)
                    for external_id, user in created.items()
                ]
            )
    outcomes: list[ExternalUserResult | AccountError] = []
    for one in wanted:
        if isinstance(one, AccountError):
            outcomes.append(one)
        elif one.external_id in created:
            # Named twice, the second finds what the first has made.
            outcomes.append(ExternalUserResult(created[one.external_id], created=one is missing[one.external_id]))
        else:
            outcomes.append(ExternalUserResult(_renamed(known[one.external_id], one.nickname), created=False))
    return outcomes


def _checked(given: ExternalUserData) -> ExternalUserData | AccountError:
    if not _is_id(given.external_id):
        return BadExternalId()
    try:
        if given.nickname:
            check_nickname(given.nickname)
    except AccountError as bad:
        return bad
    return given


def _is_id(text: str) -> bool:
    """Whether it can be kept, and stand in the path of a call: there a slash parts, and dots alone mean a way up."""
    fits = 0 < len(text) <= ID_LIMIT and text.isprintable() and is_storable(text)
    return fits and "/" not in text and text not in (".", "..")


def _made(service: User, given: ExternalUserData) -> User:
    user = User(
        username=f"{service.username[:_SERVICE_NAME]}.{secrets.token_hex(8)}",
        nickname=given.nickname or service.nickname,
        password=make_password(None),
    )
    insert_user(user)
    return user


def _renamed(user: User, nickname: str) -> User:
    if not nickname or nickname == user.nickname:
        return user
    return user_rename(user_id=user.pk, nickname=nickname)
