"""Authentication backend for accounts whose password is in the directory."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts import errors
from accounts.actions.ldap_users import ldap_user_create, ldap_user_update
from accounts.errors import AccountError
from accounts.ldap.directory import Directory, directory
from accounts.ldap.entry import Entry
from accounts.ldap.groups import is_permitted, roles_of
from accounts.models import User
from accounts.names import is_storable, name_key
from accounts.selectors.sign_in_methods import ldap_subject, user_by_ldap_subject
from accounts.selectors.users import user_by_any_name


class LdapBackend:
    """Signs in users of the directory, and leaves names of local accounts to the next backend.

    It does not subclass BaseBackend, because Django would then ask it to load users.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **rest: Any
    ) -> User | None:
        """Return the user; None if the name belongs to no account here and to none of the directory.

        Raises PermissionDenied for a wrong password, so that no later backend accepts it. Raises AccountError if the
        directory does not answer, or if it knows the password and the user may still not sign in. Such a sign-in does
        not count as failed.
        """
        if not username or password is None or not is_storable(username):
            return None
        known = user_by_any_name(username)
        if known is not None and not known.signs_in_by_ldap:
            return None
        with directory() as connection:
            entry = _entry(connection, username, known)
            is_known = entry is not None and is_storable(password) and connection.has_password(entry, password)
        if entry is None and known is None:
            return None
        if entry is None or not is_known:
            # It takes as long as for other accounts.
            make_password("")
            raise PermissionDenied
        return _user_of(entry)


def _entry(connection: Directory, username: str, known: User | None) -> Entry | None:
    """Return the entry of the account with this name, whatever its name is in the directory; else the one so named."""
    if known is not None:
        subject = ldap_subject(known)
        return connection.by_subjects([subject]).get(subject) if subject else None
    entry = connection.find(username)
    # A directory ignores more differences than the lock of a name, which would not count all spellings together.
    return entry if entry is not None and name_key(username) in map(name_key, entry.sign_in_names) else None


def _user_of(entry: Entry) -> User:
    """Return the active account of an entry whose password was right. Creates it, or brings it up to date."""
    if not is_permitted(entry):
        raise AccountError(errors.LDAP_NOT_PERMITTED)
    user = user_by_ldap_subject(entry.subject)
    if user is None:
        if not settings.IM_LDAP_CREATE_USERS:
            raise AccountError(errors.LDAP_NO_ACCOUNT)
        return ldap_user_create(entry, roles=roles_of(entry))
    if user.signs_in_by_ldap:
        user = ldap_user_update(entry, user_id=user.pk, roles=roles_of(entry))
    if not (user.is_active and user.signs_in_by_ldap):
        raise PermissionDenied
    return user
