"""Connections to the directory: searches as the site, and checks of passwords as the user."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ldap
import ldap.dn
import ldap.filter
from django.conf import settings

from accounts.errors import LdapUnavailable
from accounts.ldap.config import DN, USERNAME
from accounts.ldap.entry import Entry, subject_bytes, subject_text
from accounts.ldap.probe import reachable_uri
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Seconds after a failed connection in which sign-ins do not try another one, and so wait for no time-out."""
_MAX_CONNECTIONS = 8
"""Connections at a time. A directory that does not answer must not hold up all request threads."""
_MEMBER_OF = "memberOf"
_REFUSALS = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.CONSTRAINT_VIOLATION,
    ldap.UNWILLING_TO_PERFORM,
    ldap.INSUFFICIENT_ACCESS,
    ldap.NO_SUCH_OBJECT,
)
"""Answers to a wrong password, and to the password of an entry that is locked, disabled, or has none."""
_UNREACHABLE = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT, ldap.BUSY, ldap.UNAVAILABLE)

_slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
_paused_until = 0.0


class Directory:
    """One connection, bound as the site."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def find(self, username: str) -> Entry | None:
        """Return the entry that signs in by this name; None without one, or if the filter matches several."""
        text = settings.IM_LDAP_USER_FILTER.replace(USERNAME, _escape(username))
        try:
            found = self._search(settings.IM_LDAP_USER_BASE, text, _user_attributes(), limit=2)
        except ldap.SIZELIMIT_EXCEEDED:
            found = []
            logger.warning("ldap_entry_ambiguous")
        entries = [entry for dn, attributes in found if (entry := self._entry(dn, attributes)) is not None]
        return entries[0] if len(entries) == 1 else None

    def by_subjects(self, subjects: Sequence[str]) -> dict[str, Entry]:
        """Return the entries with these subjects that the filter of users still matches."""
        ids = "".join(
            f"({settings.IM_LDAP_ID_ATTRIBUTE}={_escape_bytes(subject_bytes(subject))})" for subject in subjects
        )
        text = f"(&{settings.IM_LDAP_USER_FILTER.replace(USERNAME, '*')}(|{ids}))"
        found = self._search(settings.IM_LDAP_USER_BASE, text, _user_attributes())
        entries = [entry for dn, attributes in found if (entry := self._entry(dn, attributes)) is not None]
        return {entry.subject: entry for entry in entries}

    def has_password(self, entry: Entry, password: str) -> bool:
        """Return whether the entry has this password. It is the last use of the connection, which is then the user's.

        An empty password is wrong: a directory takes it for an anonymous bind, which succeeds.
        """
        if not password:
            return False
        try:
            self._connection.simple_bind_s(entry.dn, password)
        except _REFUSALS:
            return False
        return True

    def _search(self, base: str, text: str, attributes: list[str], *, limit: int = 0) -> list[tuple[str, Any]]:
        found = self._connection.search_ext_s(
            base, ldap.SCOPE_SUBTREE, text, attributes, timeout=settings.IM_LDAP_TIMEOUT, sizelimit=limit
        )
        # Without a DN, it is a reference to another server.
        return [(dn, attributes) for dn, attributes in found if dn is not None]

    def _entry(self, dn: str, attributes: dict[str, list[bytes]]) -> Entry | None:
        """Return the entry; None without a user name or a subject."""
        values = {name.lower(): value for name, value in attributes.items()}
        names = _texts(values, settings.IM_LDAP_USERNAME_ATTRIBUTE)
        emails = _texts(values, settings.IM_LDAP_EMAIL_ATTRIBUTE)
        subject = values.get(settings.IM_LDAP_ID_ATTRIBUTE.lower())
        if not names or not subject:
            logger.warning("ldap_entry_incomplete", extra={"kind": "name" if subject else "id"})
            return None
        return Entry(
            dn=dn,
            subject=subject_text(subject[0]),
            username=names[0],
            name=next(iter(_texts(values, settings.IM_LDAP_NAME_ATTRIBUTE)), ""),
            email=next(iter(emails), ""),
            groups=frozenset(map(comparable_dn, self._groups(dn, names[0], values))),
            sign_in_names=frozenset((*names, *emails)),
        )

    def _groups(self, dn: str, username: str, values: dict[str, list[bytes]]) -> list[str]:
        if not (settings.IM_LDAP_REQUIRE_GROUP or settings.IM_LDAP_GROUP_MAP):
            return []
        if not settings.IM_LDAP_GROUP_BASE:
            return _texts(values, _MEMBER_OF)
        text = settings.IM_LDAP_GROUP_FILTER.replace(DN, _escape(dn)).replace(USERNAME, _escape(username))
        return [group for group, _ in self._search(settings.IM_LDAP_GROUP_BASE, text, ["1.1"])]


@contextmanager
def directory() -> Iterator[Directory]:
    """Connect to the directory for the block. Raises LdapUnavailable."""
    if time.monotonic() < _paused_until or not _slots.acquire(timeout=settings.IM_LDAP_TIMEOUT):
        raise LdapUnavailable
    try:
        connection = _connection()
        try:
            _bind_as_site(connection)
            yield Directory(connection)
            log_recovery(logger, "ldap_unavailable")
        finally:
            connection.unbind_s()
    except (*_UNREACHABLE, OSError) as error:
        _pause()
        logger.warning("ldap_unavailable", extra={"error": type(error).__name__})
        raise LdapUnavailable from error
    except ldap.LDAPError as error:
        logger.exception("ldap_failed")
        raise LdapUnavailable from error
    finally:
        _slots.release()


def comparable_dn(dn: str) -> str:
    """Return the DN in a form in which two spellings of one DN are equal."""
    try:
        parts = ldap.dn.str2dn(dn)
    except ldap.DECODING_ERROR:
        return dn.casefold()
    normal = [
        [(name.lower(), " ".join(value.split()).casefold(), 1) for name, value, _ in sorted(rdn)] for rdn in parts
    ]
    return str(ldap.dn.dn2str(normal))


def _connection() -> Any:
    connection = ldap.initialize(reachable_uri())
    connection.protocol_version = ldap.VERSION3
    connection.timeout = settings.IM_LDAP_TIMEOUT
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, settings.IM_LDAP_TIMEOUT)
    connection.set_option(ldap.OPT_TIMEOUT, settings.IM_LDAP_TIMEOUT)
    # Another server must not get the password.
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    if settings.IM_LDAP_CA:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, settings.IM_LDAP_CA)
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    return connection


def _bind_as_site(connection: Any) -> None:
    if settings.IM_LDAP_START_TLS:
        connection.start_tls_s()
    connection.simple_bind_s(settings.IM_LDAP_BIND_DN, settings.IM_LDAP_BIND_PASSWORD)


def _pause() -> None:
    global _paused_until
    _paused_until = time.monotonic() + PAUSE_SECONDS


def _user_attributes() -> list[str]:
    return [
        settings.IM_LDAP_USERNAME_ATTRIBUTE,
        settings.IM_LDAP_ID_ATTRIBUTE,
        settings.IM_LDAP_NAME_ATTRIBUTE,
        settings.IM_LDAP_EMAIL_ATTRIBUTE,
        _MEMBER_OF,
    ]


def _texts(values: dict[str, list[bytes]], name: str) -> list[str]:
    return [text for value in values.get(name.lower(), ()) if (text := value.decode("utf-8", "replace").strip())]


def _escape(text: str) -> str:
    return str(ldap.filter.escape_filter_chars(text))


def _escape_bytes(value: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in value)
