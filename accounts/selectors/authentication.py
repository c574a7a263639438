"""Reads whom tokens and browser sessions authenticate: for any number of them by statements that are built once."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.models import AuthToken

from accounts.credentials import session_credential, token_credential, token_digest
from accounts.models import User
from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery

_SESSION_KEY_PATTERN = re.compile("[0-9a-z]{8,40}")
_USER_FIELDS = [field.attname for field in User._meta.concrete_fields]
_TOKENS: PreparedQuery[AuthToken] = PreparedQuery(
    lambda digests: AuthToken.objects.filter(digest__in=digests).values_list(
        "digest", "expiry", *(f"user__{field}" for field in _USER_FIELDS)
    )
)
_SESSIONS: PreparedQuery[Session] = PreparedQuery(lambda keys: Session.objects.filter(session_key__in=keys))
_USERS: PreparedQuery[User] = PreparedQuery(lambda ids: User.objects.filter(pk__in=ids))


@dataclass(frozen=True, slots=True)
class Authentication:
    """The user whom a session or token authenticates, its credential, and when it expires (None: never)."""

    user: User
    credential: str
    expires: datetime | None


def authenticate_token(token: str) -> Authentication | None:
    """Return whom the token authenticates; None for wrong, revoked and expired tokens and deactivated users.

    Every token costs one hash and one query by that hash, so the time taken reveals nothing about stored tokens.
    """
    digest = token_digest(token)
    return authenticate_digests([digest]).get(digest)


def authenticate_digests(digests: Collection[str]) -> dict[str, Authentication]:
    """Return whom the tokens with these digests authenticate, by digest. Takes one query. See `authenticate_token`."""
    if not digests:
        return {}
    (rows,) = execute_batch([tokens_statement(digests)])
    return authenticate_token_rows(rows)


def tokens_statement(digests: Collection[str]) -> Statement:
    """Return the statement whose rows `authenticate_token_rows` takes."""
    return _TOKENS.statement(digests)


def authenticate_token_rows(rows: Sequence[Sequence[Any]]) -> dict[str, Authentication]:
    """Return whom the tokens of these rows authenticate, by digest. See `authenticate_token`."""
    now = timezone.now()
    found = {}
    for digest, expires, *fields in _TOKENS.values(rows):
        user = User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, fields)
        if user.is_active and (expires is None or expires > now):
            found[digest] = Authentication(user, token_credential(digest), expires)
    return found


def authenticate_sessions(session_keys: Collection[str]) -> dict[str, Authentication]:
    """Return whom the browser sessions authenticate, by key. Those that are not valid are left out.

    Takes two queries, and changes no session.
    """
    keys = [key for key in session_keys if _SESSION_KEY_PATTERN.fullmatch(key)]
    if not keys:
        return {}
    now = timezone.now()
    (rows,) = execute_batch([_SESSIONS.statement(keys)])
    valid = [(stored, stored.get_decoded()) for stored in _SESSIONS.instances(rows) if stored.expire_date > now]
    owners = {int(session[SESSION_KEY]) for _, session in valid if str(session.get(SESSION_KEY)).isdecimal()}
    if not owners:
        return {}
    (rows,) = execute_batch([_USERS.statement(owners)])
    users = {str(user.pk): user for user in _USERS.instances(rows) if user.is_active}
    found = {}
    for stored, session in valid:
        user = users.get(session.get(SESSION_KEY, ""))
        if user is not None and _is_valid_hash(session.get(HASH_SESSION_KEY), user):
            key = stored.session_key
            found[key] = Authentication(user, session_credential(key), stored.expire_date)
    return found


def _is_valid_hash(auth_hash: str | None, user: User) -> bool:
    """Return whether a session with this hash began after the user's password, and all sessions, were last changed."""
    if auth_hash is None:
        return False
    # The fallback hashes keep sessions valid while the operator replaces SECRET_KEY.
    valid_hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(auth_hash, valid_hash) for valid_hash in valid_hashes)
