"""Who is who: every read of people and apps. A text that cannot be anybody's name, token or session finds nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.models import AuthToken

from accounts.credentials import session_credential, token_credential, token_digest
from accounts.lookups import Begins
from accounts.models import App, Block, Friendship, User
from accounts.names import KEY_LIMIT, is_storable, name_key
from accounts.pinyin import as_typed

_SESSION_KEY_SHAPE = re.compile("[0-9a-z]{8,40}")
_FOUND_LIMIT = 100
_BEGINS = Begins.lookup_name


def user_by_id(user_id: int) -> User | None:
    """Anybody with that id, guests and the deactivated too."""
    return User.objects.filter(pk=user_id).first()


def user_by_name(username: str) -> User | None:
    """The active account or service of that name, however it is spelt in width and case. Guests have no unique name."""
    return _named([username]).first() if is_storable(username) else None


def user_by_name_or_contact(username: str, *, to: User) -> User | None:
    """The same; of the deactivated those too whom the person knows: a friend, or who is blocked, may have gone."""
    found = _accounts().filter(username_key=name_key(username)).first() if is_storable(username) else None
    if found is None or found.is_active or Block.objects.filter(blocker=to, blocked=found).exists():
        return found
    circle = Friendship.objects.filter(Q(from_user=to, to_user=found) | Q(from_user=found, to_user=to))
    return found if circle.exists() else None


def user_by_phone(phone_number: str) -> User | None:
    """Whose phone number it is."""
    return User.objects.filter(phone_number=phone_number).first() if is_storable(phone_number) else None


def user_by_email(email: str) -> User | None:
    """The person whose address it is, if they are active."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    return people.filter(email=email.lower()).first() if email and is_storable(email) else None


def accounts_by_ids(ids: Iterable[int]) -> list[User]:
    """The active accounts and services among the ids, each once, by id. Others are left out."""
    return list(_accounts().filter(pk__in=set(ids), is_active=True).order_by("pk"))


def users_by_names(usernames: Iterable[str]) -> dict[str, User]:
    """The active accounts and services among the names, keyed by the spelling given. Unknown names are left out."""
    keys = {name: name_key(name) for name in usernames if is_storable(name)}
    found = {user.username_key: user for user in _named(keys)}
    return {name: found[key] for name, key in keys.items() if key in found}


def guest_name_taken(name: str) -> bool:
    """Whether the name belongs to an account or a service, active or not."""
    return is_storable(name) and _accounts().filter(username_key=name_key(name)).exists()


def user_search(q: str, limit: int = 20, *, by: User | None = None) -> list[User]:
    """Active accounts that are called `q`, or whose user name, nickname, pinyin or its initials begin with it.

    In that order of what is known of them; width and case aside. Nobody for an empty `q`, and not whom `by` blocks.
    """
    key, heard, limit = name_key(q.strip()), as_typed(q), max(0, min(limit, _FOUND_LIMIT))
    if not key or len(key) > KEY_LIMIT or not is_storable(key):
        return []
    accounts = _accounts().filter(is_active=True)
    if by is not None:
        accounts = accounts.exclude(pk__in=Block.objects.filter(blocker=by).values("blocked"))
    ways = [("username_key", key), ("nickname_key", key)]
    # What nothing sounds like would find everybody whose nickname has no Chinese characters.
    ways += [("nickname_pinyin", heard), ("nickname_initials", heard)] if heard else []
    found: dict[int, User] = {}
    for field, wanted in ways:
        # One index a query. All in one would make the database choose between them, or look at everybody.
        rows = accounts.filter(**{f"{field}__{_BEGINS}": wanted}).order_by(field, "pk")
        for user in rows[:limit]:
            found.setdefault(user.pk, user)
    exact = [user for user in found.values() if key in (user.username_key, user.nickname_key)]
    return list({user.pk: user for user in [*exact, *found.values()]}.values())[:limit]


def user_by_token(token: str) -> tuple[User, str] | None:
    """Whose token it is, with the credential it makes; None for a wrong, revoked or expired one and the deactivated.

    The same work for every token: one hash and one query by the hash, so the time taken tells nothing of a stored one.
    """
    found = (
        AuthToken.objects.select_related("user")
        .filter(Q(expiry__isnull=True) | Q(expiry__gt=timezone.now()), digest=token_digest(token), user__is_active=True)
        .first()
    )
    return (found.user, token_credential(found.digest)) if found else None


def user_by_session(session_key: str) -> tuple[User, str] | None:
    """Who is signed in by that browser session, with the credential it makes. Changes nothing in the session."""
    if not _SESSION_KEY_SHAPE.fullmatch(session_key):
        return None
    session = session_store(session_key)
    user_id, proof = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY)
    if user_id is None or proof is None:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    # The fallbacks keep sessions alive while the operator replaces SECRET_KEY.
    wanted = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    if not any(constant_time_compare(proof, candidate) for candidate in wanted):
        return None
    return user, session_credential(session_key)


def session_store(session_key: str) -> SessionBase:
    """The stored browser session of that key, read on first use."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return store


def app_by_number(number: int) -> App | None:
    """The app, unless it is disabled."""
    return App.objects.filter(number=number, enabled=True).first()


def apps_enabled() -> list[App]:
    """The apps that can be logged in to, by number."""
    return list(App.objects.filter(enabled=True))


def _accounts() -> QuerySet[User]:
    return User.objects.exclude(kind=User.Kind.GUEST)


def _named(usernames: Iterable[str]) -> QuerySet[User]:
    return _accounts().filter(username_key__in=[name_key(name) for name in usernames], is_active=True)
