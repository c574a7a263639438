"""The end of an account. Its row stays, because what was said stays; who it was does not."""

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
from accounts.errors import NoSuchPerson
from accounts.models import Block, Device, ExternalUser, Friendship, User
from accounts.names import GUEST_PREFIX, name_key
from delivery.db.transactions import write

NICKNAME = "Deleted user"


def anonymized_username(user_id: int) -> str:
    """The user name of an account that is gone; none that people choose begins so."""
    return f"{GUEST_PREFIX}deleted-{user_id}"


def user_mark_deleted(*, user_id: int) -> None:
    """Shut a person out for good. `user_anonymize` follows, when all that names them has been seen to.

    LastAdministrator if nobody would be left who may do everything; NoSuchPerson for guests and services.
    """
    with write():
        user = lock_user(user_id)
        if user.kind != User.Kind.PERSON:
            raise NoSuchPerson
        require_another_administrator(user)
        user.is_active = False
        user.deleted_at = user.deleted_at or timezone.now()
        user.save(update_fields=["is_active", "deleted_at"])
        sessions = Device.objects.filter(user=user, session__isnull=False).values_list("session", flat=True)
        Session.objects.filter(pk__in=list(sessions)).delete()
        revoke_all_credentials(user)


def user_anonymize(*, user_id: int, groups: Iterable[int] = (), people: Iterable[int] = ()) -> None:
    """Take from who has departed everything that says who they were: names, addresses, picture, links, friends.

    Whoever saw them hears how they are shown now, in the `groups` too that they have left, and the `people` they knew.
    """
    with write():
        user = lock_user(user_id)
        if user.deleted_at is None:
            raise NoSuchPerson
        picture, tried = user.avatar, _tried(user)
        UserSocialAuth.objects.filter(user=user).delete()
        ExternalUser.objects.filter(user=user).delete()
        Friendship.objects.filter(Q(from_user=user) | Q(to_user=user)).delete()
        Block.objects.filter(Q(blocker=user) | Q(blocked=user)).delete()
        AccessAttempt.objects.filter(username__in=tried).delete()
        _forget_in_record(user)
        user.groups.clear()
        user.user_permissions.clear()
        kept = User(
            pk=user.pk,
            username=anonymized_username(user.pk),
            nickname=NICKNAME,
            password=make_password(None),
            kind=user.kind,
            is_active=False,
            is_restricted=user.is_restricted,
            sign_in_epoch=user.sign_in_epoch,
            date_joined=user.date_joined,
            deleted_at=user.deleted_at,
        )
        # Every field that is not named above is as in a row that nobody has filled in.
        kept.save(force_update=True)
        transaction.on_commit(lambda: avatars.remove(picture))
        publish_profile_change(kept, groups=groups, people=people)


def _forget_in_record(user: User) -> None:
    """Let the record of operators' deeds say what was done, and not to whom."""
    users, tokens = ContentType.objects.get_for_models(User, AuthToken).values()
    about = Q(content_type=users, object_id=str(user.pk))
    LogEntry.objects.filter(about | Q(content_type=tokens, object_repr__endswith=f" : {user.username}")).update(
        object_repr=NICKNAME
    )
    _forget_in_facts(LogEntry.objects.filter(about, change_message__contains=user.nickname), user.nickname)
    _forget_in_facts(LogEntry.objects.filter(change_message__contains=user.username), user.username)


def _forget_in_facts(rows: QuerySet[LogEntry], name: str) -> None:
    """The first line is what was done, each other one says something of it."""
    # In scripts that are written without blanks a name has no end that could be seen.
    whole = rf"(?<![\w.-]){re.escape(name)}(?![\w-])" if name.isascii() else re.escape(name)
    for row in rows:
        deed, *facts = row.change_message.split("\n")
        row.change_message = "\n".join([deed, *(re.sub(whole, NICKNAME, fact) for fact in facts)])
        row.save(update_fields=["change_message"])


def _tried(user: User) -> list[str]:
    """The names under which the record of failed sign-ins may have the person, as `locked_name` keeps them."""
    given = (user.username, user.email, user.phone_number)
    return [key for one in given if one for key in (name_key(one), name_key(f"~{one}"))]


def users_awaiting_anonymization() -> list[int]:
    """Who has departed and is not forgotten yet: a deletion that was interrupted."""
    found = User.objects.filter(deleted_at__isnull=False).exclude(username__startswith=f"{GUEST_PREFIX}deleted-")
    return list(found.values_list("pk", flat=True))
