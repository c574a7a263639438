"""Users of API tokens and their permissions, by token."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.credentials import token_digest
from accounts.models import User
from accounts.selectors.authentication import authenticate_digests
from accounts.selectors.permissions import permissions_of
from delivery.db.lookup_cache import LookupCache

_MAX_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """The active user whom an API token authenticates, the token's credential, and the user's permissions."""

    user: User
    credential: str
    expires: datetime | None
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Return whether the user has the permission, as `User.has_perm` does."""
        return not self.user.awaits_second_factor and (self.user.is_superuser or permission in self.permissions)


def _load_callers(digests: Collection[str]) -> dict[str, Caller]:
    found = authenticate_digests(digests)
    permissions = permissions_of({known.user.pk for known in found.values()})
    return {
        digest: Caller(known.user, known.credential, known.expires, permissions[known.user.pk])
        for digest, known in found.items()
    }


# Wrong tokens are not kept, so that they cannot push out right ones.
_callers: LookupCache[str, Caller] = LookupCache(_load_callers, max_keys=_MAX_TOKENS, keeps_absent=False)


async def caller_by_token(token: str) -> Caller | None:
    """Return the caller with this token; None for wrong, revoked and expired tokens and deactivated users."""
    caller = await _callers.get(token_digest(token))
    if caller is None or (caller.expires is not None and caller.expires <= timezone.now()):
        return None
    return caller


def forget_caller(digest: str) -> None:
    """Look up the token with this digest anew."""
    _callers.forget(digest)


def forget_callers() -> None:
    """Look up all tokens and permissions anew."""
    _callers.clear()
