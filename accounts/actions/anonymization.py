"""Account deletion. The user row stays, because messages refer to it; all personal data is removed from it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken
from social_django.models import UserSocialAuth

from accounts import avatars
from accounts.actions.credentials import revoke_all_credentials
from accounts.actions.profile_events import publish_profile_change
from accounts.actions.user_persistence import lock_user
from accounts.actions.users import require_another_administrator
from accounts.errors import NoSuchUser
from accounts.models import AuthenticatorApp, Block, Device, ExternalUser, Friendship, Passkey, RecoveryCode, User
from accounts.names import GUEST_PREFIX, name_key
from delivery.db.transactions import write

ANONYMIZED_NICKNAME = "Deleted user"


def anonymized_username(user_id: int) -> str:
    """Return the user name of a deleted account. Chosen user names never begin like this."""
    return f"{GUEST_PREFIX}deleted-{user_id}"


def user_mark_deleted(*, user_id: int) -> None:
    """Mark an account as deleted and revoke all its credentials. `user_anonymize` completes the deletion later.

    Raises LastAdministrator for the only administrator, and NoSuchUser for guests and services.
    """
    with write():
        user = lock_user(user_id)
        if user.kind != User.Kind.PERSON:
            raise NoSuchUser
        require_another_administrator(user)
        user.is_active = False
        user.deleted_at = user.deleted_at or timezone.now()
        user.save(update_fields=["is_active", "deleted_at"])
        sessions = Device.objects.filter(user=user, session__isnull=False).values_list("session", flat=True)
        Session.objects.filter(pk__in=list(sessions)).delete()
        revoke_all_credentials(user)


def user_anonymize(*, user_id: int, group_ids: Iterable[int] = (), known_user_ids: Iterable[int] = ()) -> None:
    """Remove all personal data of a deleted account: names, addresses, picture, links, friends.

    Publishes the anonymized profile to everyone who saw the user, including the groups `group_ids` that they have
    left and the users `known_user_ids`. Raises NoSuchUser if the account is not marked as deleted.
    """
    with write():
        user = lock_user(user_id)
        if user.deleted_at is None:
            raise NoSuchUser
        picture, names = user.avatar, _lockout_names(user)
        UserSocialAuth.objects.filter(user=user).delete()
        for rows in (AuthenticatorApp, RecoveryCode, Passkey):
            rows.objects.filter(user=user).delete()
        ExternalUser.objects.filter(user=user).delete()
        Friendship.objects.filter(Q(from_user=user) | Q(to_user=user)).delete()
        Block.objects.filter(Q(blocker=user) | Q(blocked=user)).delete()
        AccessAttempt.objects.filter(username__in=names).delete()
        _anonymize_audit_log(user)
        user.groups.clear()
        user.user_permissions.clear()
        anonymized = User(
            pk=user.pk,
            username=anonymized_username(user.pk),
            nickname=ANONYMIZED_NICKNAME,
            password=make_password(None),
            kind=user.kind,
            is_active=False,
            is_restricted=user.is_restricted,
            sign_in_epoch=user.sign_in_epoch,
            date_joined=user.date_joined,
            deleted_at=user.deleted_at,
        )
        # All fields that are not named above get their defaults.
        anonymized.save(force_update=True)
        transaction.on_commit(lambda: avatars.remove(picture))
        publish_profile_change(anonymized, group_ids=group_ids, known_user_ids=known_user_ids)


def _anonymize_audit_log(user: User) -> None:
    """Remove the user's names from the audit log. The actions themselves stay."""
    users, tokens = ContentType.objects.get_for_models(User, AuthToken).values()
    about_user = Q(content_type=users, object_id=str(user.pk))
    LogEntry.objects.filter(about_user | Q(content_type=tokens, object_repr__endswith=f" : {user.username}")).update(
        object_repr=ANONYMIZED_NICKNAME
    )
    _replace_in_details(LogEntry.objects.filter(about_user, change_message__contains=user.nickname), user.nickname)
    _replace_in_details(LogEntry.objects.filter(change_message__contains=user.username), user.username)


def _replace_in_details(rows: QuerySet[LogEntry], name: str) -> None:
    """Replace a name in the details of log entries. The first line of an entry names the action and stays."""
    # In scripts without spaces between words, the end of a name cannot be recognized.
    pattern = rf"(?<![\w.-]){re.escape(name)}(?![\w-])" if name.isascii() else re.escape(name)
    for row in rows:
        action, *details = row.change_message.split("\n")
        row.change_message = "\n".join([action, *(re.sub(pattern, ANONYMIZED_NICKNAME, detail) for detail in details)])
        row.save(update_fields=["change_message"])


def _lockout_names(user: User) -> list[str]:
    """Return the names under which failed sign-ins of the user may be stored, as `lockout_username` makes them."""
    names = (user.username, user.email, user.phone_number)
    return [key for name in names if name for key in (name_key(name), name_key(f"~{name}"))]


def users_awaiting_anonymization() -> list[int]:
    """Return the ids of accounts that are marked as deleted but not yet anonymized, such as after a crash."""
    rows = User.objects.filter(deleted_at__isnull=False).exclude(username__startswith=f"{GUEST_PREFIX}deleted-")
    return list(rows.values_list("pk", flat=True))
