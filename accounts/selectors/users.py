"""Reads of users and apps. A text that cannot be stored as a name, token or session key finds nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib import import_module
from typing import NamedTuple

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet

from accounts.lookups import IndexedStartsWith
from accounts.models import App, Block, Friendship, User
from accounts.names import NAME_KEY_MAX_LENGTH, is_storable, name_key
from accounts.pinyin import normalize_query
from accounts.selectors.authentication import authenticate_sessions, authenticate_token
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery

_SEARCH_LIMIT = 100
_NAMES: PreparedQuery[User] = PreparedQuery(
    lambda keys: User.objects.filter(username_key__in=keys).values_list("username_key", "kind")
)
_STARTS_WITH = IndexedStartsWith.lookup_name


def user_by_id(user_id: int) -> User | None:
    """Return the user with this id, including guests and deactivated users."""
    return User.objects.filter(pk=user_id).first()


def user_by_name(username: str) -> User | None:
    """Return the active account or service with this name. Width and case do not matter. Guests are not found."""
    return _named([username]).first() if is_storable(username) else None


def user_by_any_name(username: str) -> User | None:
    """Return the account, service or guest with this name, active or not. Width and case do not matter."""
    return User.objects.filter(username_key=name_key(username)).first() if is_storable(username) else None


def user_by_name_or_contact(username: str, *, viewer: User) -> User | None:
    """Return the active account or service with this name, or an inactive contact of the viewer.

    A contact is a friend of the viewer, or blocked by them: so a user can unfriend or unblock a deactivated account.
    None for guests and unknown names.
    """
    found = _accounts().filter(username_key=name_key(username)).first() if is_storable(username) else None
    if found is None or found.is_active or Block.objects.filter(blocker=viewer, blocked=found).exists():
        return found
    friendship = Friendship.objects.filter(Q(from_user=viewer, to_user=found) | Q(from_user=found, to_user=viewer))
    return found if friendship.exists() else None


def user_by_phone(phone_number: str) -> User | None:
    """Return the user with this phone number."""
    return User.objects.filter(phone_number=phone_number).first() if is_storable(phone_number) else None


def user_by_email(email: str) -> User | None:
    """Return the active account with this email address."""
    accounts = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    return accounts.filter(email=email.lower()).first() if email and is_storable(email) else None


def accounts_by_ids(ids: Iterable[int]) -> list[User]:
    """Return the active accounts and services with these ids, ordered by id. Others are left out."""
    return list(_accounts().filter(pk__in=set(ids), is_active=True).order_by("pk"))


def users_by_names(usernames: Iterable[str]) -> dict[str, User]:
    """Return the active accounts and services with these names, keyed by the given spelling. Others are left out."""
    keys = {name: name_key(name) for name in usernames if is_storable(name)}
    found = {user.username_key: user for user in _named(keys)}
    return {name: found[key] for name, key in keys.items() if key in found}


class AccountPresence(NamedTuple):
    """An account's id, and whether it shares its presence."""

    id: int
    shares_presence: bool


def account_presence_by_keys(keys: Collection[str]) -> dict[str, AccountPresence]:
    """Return the active accounts and services whose names have these keys, by key. Others are left out."""
    rows = _accounts().filter(username_key__in=keys, is_active=True)
    found = rows.values_list("username_key", "pk", "shares_presence")
    return {key: AccountPresence(user_id, shares_presence) for key, user_id, shares_presence in found}


def guest_name_taken(name: str) -> bool:
    """Return whether an account or a service, active or not, has this name."""
    return bool(guest_names_taken([name]))


def guest_names_taken(names: Collection[str]) -> set[str]:
    """Return those of the names that an account or a service, active or not, has. Takes one query."""
    keys = {name: name_key(name) for name in names if is_storable(name)}
    if not keys:
        return set()
    (rows,) = execute_batch([_NAMES.statement(set(keys.values()))])
    taken = {key for key, kind in rows if kind != User.Kind.GUEST}
    return {name for name, key in keys.items() if key in taken}


def user_search(q: str, limit: int = 20, *, by: User | None = None) -> list[User]:
    """Return active accounts whose user name, nickname, pinyin or initials start with `q`.

    Exact matches come first, then matches in that order of fields. Width and case do not matter. Leaves out users that
    `by` has blocked. Returns nothing for an empty `q`.
    """
    key, pinyin, limit = name_key(q.strip()), normalize_query(q), max(0, min(limit, _SEARCH_LIMIT))
    if not key or len(key) > NAME_KEY_MAX_LENGTH or not is_storable(key):
        return []
    accounts = _accounts().filter(is_active=True)
    if by is not None:
        accounts = accounts.exclude(pk__in=Block.objects.filter(blocker=by).values("blocked"))
    prefixes = [("username_key", key), ("nickname_key", key)]
    # An empty prefix would match every nickname without Chinese characters.
    prefixes += [("nickname_pinyin", pinyin), ("nickname_initials", pinyin)] if pinyin else []
    found: dict[int, User] = {}
    for field, prefix in prefixes:
        # One query for each index: a combined query would use only one of them, or scan the table.
        rows = accounts.filter(**{f"{field}__{_STARTS_WITH}": prefix}).order_by(field, "pk")
        for user in rows[:limit]:
            found.setdefault(user.pk, user)
    exact = [user for user in found.values() if key in (user.username_key, user.nickname_key)]
    return list({user.pk: user for user in [*exact, *found.values()]}.values())[:limit]


def user_by_token(token: str) -> tuple[User, str] | None:
    """Return the token's user and its credential, or None. See `authenticate_token`."""
    known = authenticate_token(token)
    return (known.user, known.credential) if known else None


def user_by_session(session_key: str) -> tuple[User, str] | None:
    """Return the session's user and its credential, or None. See `authenticate_sessions`."""
    known = authenticate_sessions([session_key]).get(session_key)
    return (known.user, known.credential) if known else None


def session_store(session_key: str) -> SessionBase:
    """Return the stored browser session with this key. It is loaded on first access."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return store


def app_by_number(number: int) -> App | None:
    """Return the app with this number, if it is enabled."""
    return App.objects.filter(number=number, enabled=True).first()


def apps_enabled() -> list[App]:
    """Return the enabled apps by number."""
    return list(App.objects.filter(enabled=True))


def _accounts() -> QuerySet[User]:
    return User.objects.exclude(kind=User.Kind.GUEST)


def _named(usernames: Iterable[str]) -> QuerySet[User]:
    return _accounts().filter(username_key__in=[name_key(name) for name in usernames], is_active=True)
