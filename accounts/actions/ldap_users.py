"""Accounts of users of an LDAP directory. They are linked by the entry's subject, and have no password here."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from social_django.models import UserSocialAuth

from accounts import errors
from accounts.actions.credentials import revoke_all_credentials
from accounts.actions.imported_users import imported_email
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import insert_user, lock_user, update_user
from accounts.actions.users import user_activate, user_deactivate, user_roles_set
from accounts.errors import AccountError, EmailTaken, LastAdministrator, LinkTaken, NameTaken
from accounts.ldap.config import STAFF, SUPERUSER
from accounts.ldap.entry import Entry
from accounts.models import User
from accounts.models.user import LDAP_PASSWORD_PREFIX
from accounts.names import check_user_name
from accounts.oauth.identity import Identity, suggested_nickname
from accounts.selectors.sign_in_methods import LDAP_PROVIDER, user_by_ldap_subject
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

_ABSENT = "absent"
"""Key in the link's data: the directory did not have the user any more, so the account was deactivated."""
_RANDOM_LENGTH = 40


def ldap_user_create(entry: Entry, *, roles: Mapping[str, bool]) -> User:
    """Create the account of an entry, or return the one that another sign-in has created meanwhile.

    Raises BadName, and AccountError if another account has the name.
    """
    name = check_user_name(entry.username)
    user = User(username=name, nickname=_nickname(entry), email=imported_email(entry.email), password=_no_password())
    try:
        with write():
            try:
                insert_user(user)
            except EmailTaken:
                user.email = None
                insert_user(user)
            _link(user, entry.subject, _stored(entry))
    except (NameTaken, LinkTaken):
        existing = user_by_ldap_subject(entry.subject)
        if existing is None:
            raise AccountError(errors.LDAP_NAME_TAKEN) from None
        return existing
    _set_roles(user, roles)
    return User.objects.get(pk=user.pk)


def ldap_user_update(entry: Entry, *, user_id: int, roles: Mapping[str, bool]) -> User:
    """Take over from the directory what has changed there: name, email address, roles. Return the account.

    Changes by the user stay until the value in the directory changes. An account that was deactivated because the
    directory did not have the user is activated.
    """
    with write():
        user = lock_user(user_id)
        link = UserSocialAuth.objects.get(provider=LDAP_PROVIDER, user_id=user_id)
        earlier, stored = link.extra_data or {}, _stored(entry)
        if earlier != stored:
            link.extra_data = stored
            link.save(update_fields=["extra_data"])
        if earlier.get("email") != stored["email"]:
            _set_email(user, entry.email)
        if earlier.get("name") != stored["name"]:
            user.nickname = _nickname(entry)
            update_user(user, "nickname")
            publish_profile_change(user)
    if earlier.get(_ABSENT) and not user.is_active:
        user_activate(user_id=user_id)
    _set_roles(user, roles)
    return User.objects.get(pk=user_id)


def ldap_user_deactivate(*, user_id: int) -> None:
    """Deactivate an account that the directory does not have any more, which ends its sessions, tokens and connections.

    Raises LastAdministrator if no administrator would remain.
    """
    with write():
        lock_user(user_id)
        link = UserSocialAuth.objects.get(provider=LDAP_PROVIDER, user_id=user_id)
        link.extra_data = {**(link.extra_data or {}), _ABSENT: True}
        link.save(update_fields=["extra_data"])
        user_deactivate(user_id=user_id)


def ldap_link_create(entry: Entry, *, user_id: int) -> None:
    """Let an account sign in by the directory only, as the user of the entry. Signs it out everywhere.

    Raises LinkTaken if another account is linked with the entry.
    """
    with write():
        user = lock_user(user_id)
        UserSocialAuth.objects.filter(provider=LDAP_PROVIDER, user=user).delete()
        _link(user, entry.subject, _stored(entry))
        user.password = _no_password()
        update_user(user, "password")
        revoke_all_credentials(user)


def _no_password() -> str:
    return LDAP_PASSWORD_PREFIX + get_random_string(_RANDOM_LENGTH)


def _stored(entry: Entry) -> dict[str, object]:
    return {"name": entry.name, "email": entry.email}


def _nickname(entry: Entry) -> str:
    identity = Identity(LDAP_PROVIDER, entry.subject, "", name=entry.name, handle=entry.username)
    return suggested_nickname(identity) or entry.username


def _set_email(user: User, email: str) -> None:
    """Store the address, unless it is not valid or another account has it."""
    earlier, user.email = user.email, imported_email(email)
    try:
        update_user(user, "email")
    except EmailTaken:
        user.email = earlier


def _link(user: User, subject: str, data: dict[str, object]) -> None:
    try:
        with transaction.atomic():
            UserSocialAuth.objects.create(user=user, provider=LDAP_PROVIDER, uid=subject, extra_data=data)
    except IntegrityError:
        raise LinkTaken(title="LDAP") from None


def _set_roles(user: User, roles: Mapping[str, bool]) -> None:
    """Set the roles that IM_LDAP_GROUP_MAP names. Others stay as operators have set them."""
    if not roles:
        return
    groups = {group.name: group for group in user.groups.all()}
    for group in Group.objects.filter(name__in=roles):
        if roles[group.name]:
            groups[group.name] = group
        else:
            groups.pop(group.name, None)
    is_superuser = roles.get(SUPERUSER, user.is_superuser)
    is_staff = roles.get(STAFF, user.is_staff) or is_superuser
    before = (user.is_staff, user.is_superuser, set(user.groups.all()))
    if before == (is_staff, is_superuser, set(groups.values())):
        return
    try:
        user_roles_set(
            user_id=user.pk,
            is_staff=is_staff,
            is_superuser=is_superuser,
            groups=groups.values(),
            permissions=user.user_permissions.all(),
        )
    except LastAdministrator:
        logger.error("ldap_last_administrator", extra={"user": user.pk})
