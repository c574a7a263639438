"""Links between users and accounts at OAuth providers. Access tokens are not stored."""

from __future__ import annotations

import time
from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from social_django.models import Nonce, UserSocialAuth

from accounts import errors
from accounts.actions.user_persistence import clean_email, insert_user, lock_user
from accounts.errors import AccountError, EmailTaken, LastSignInMethod, LinkTaken, NoSuchUser
from accounts.models import User
from accounts.names import check_own_nickname, check_user_name
from accounts.oauth.identity import Identity
from delivery.db.transactions import write

_NONCE_SECONDS = 86_400
"""Seconds for which nonces are kept. A redirect back is accepted for half an hour, a challenge for five minutes."""


def oauth_user_register(*, username: str, nickname: str = "", identity: Identity, title: str) -> User:
    """Create an account without a password that signs in with an account at a provider.

    Stores the email address that the provider has verified, unless another account has it: an address alone never
    links two accounts. `title` is the provider's display name. Raises BadName, BadNickname, NameTaken, and LinkTaken
    if the account at the provider has been linked meanwhile.
    """
    user = User(
        username=check_user_name(username),
        nickname=check_own_nickname(nickname or username),
        email=_usable_email(identity),
        password=make_password(None),
    )
    with write():
        try:
            insert_user(user)
        except EmailTaken:
            user.email = None
            insert_user(user)
        _link(user, identity, title)
    return user


def oauth_link_create(*, user_id: int, identity: Identity, title: str) -> None:
    """Link an active user with an account at a provider. Linking the same account again changes nothing.

    Raises LinkTaken if another user is linked with it, and AccountError if the user is linked with another account of
    that provider.
    """
    with write():
        user = lock_user(user_id)
        if not user.is_active or user.kind != User.Kind.PERSON:
            raise NoSuchUser
        own = UserSocialAuth.objects.filter(user_id=user_id, provider=identity.provider)
        if own.filter(uid=identity.subject).exists():
            return
        if own.exists():
            raise AccountError(errors.ALREADY_LINKED, title=title)
        _link(user, identity, title)


def oauth_link_delete(*, user_id: int, provider: str, others: Collection[str]) -> None:
    """Remove the user's link with a provider. Open sessions stay.

    Raises LastSignInMethod if the user has no password and no link with another of the enabled providers `others`.
    """
    with write():
        user = lock_user(user_id)
        links = UserSocialAuth.objects.filter(user_id=user_id)
        if not user.has_password and not links.filter(provider__in=set(others) - {provider}).exists():
            raise LastSignInMethod
        links.filter(provider=provider).delete()


def expired_nonces_delete() -> None:
    """Delete the nonces of OAuth sign-ins that were started and never completed, and used challenges of passkeys."""
    Nonce.objects.filter(timestamp__lt=time.time() - _NONCE_SECONDS).delete()


def _link(user: User, identity: Identity, title: str) -> None:
    try:
        with transaction.atomic():
            UserSocialAuth.objects.create(
                user=user, provider=identity.provider, uid=identity.subject, id_key=identity.subject_key
            )
    except IntegrityError:
        raise LinkTaken(title=title) from None


def _usable_email(identity: Identity) -> str | None:
    try:
        return clean_email(identity.email)
    except AccountError:
        return None
