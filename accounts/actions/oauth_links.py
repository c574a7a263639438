"""Links between people here and accounts elsewhere by which they sign in. No access token is kept."""

from __future__ import annotations

import time
from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _
from social_django.models import Nonce, UserSocialAuth

from accounts.actions.user_persistence import clean_email, insert_user, lock_user
from accounts.errors import AccountError, EmailTaken, LastWayIn, LinkTaken, NoSuchPerson
from accounts.models import User
from accounts.names import check_own_nickname, check_user_name
from accounts.oauth.identity import Identity
from delivery.db.transactions import write

_OVER = 86_400
"""Seconds after which nobody comes back from another site: the library waits for half an hour."""


def oauth_user_register(*, username: str, nickname: str = "", identity: Identity, title: str) -> User:
    """A new account that is entered by an account elsewhere; it has no password until one is set.

    Keeps the email address that the provider has confirmed, unless an account here has it: nobody is taken for somebody
    else because of an address. `title` is how people call the provider.
    BadName, BadNickname, NameTaken; LinkTaken if the account elsewhere has been linked meanwhile.
    """
    user = User(
        username=check_user_name(username),
        nickname=check_own_nickname(nickname or username),
        email=_email(identity),
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
    """Let an active person sign in by an account elsewhere. The same again changes nothing.

    LinkTaken if somebody else does already, or the person by another account of that provider.
    """
    with write():
        user = lock_user(user_id)
        if not user.is_active or user.kind != User.Kind.PERSON:
            raise NoSuchPerson
        own = UserSocialAuth.objects.filter(user_id=user_id, provider=identity.provider)
        if own.filter(uid=identity.subject).exists():
            return
        if own.exists():
            raise AccountError(_("You are linked with another %(title)s account. Unlink that first."), title=title)
        _link(user, identity, title)


def oauth_link_delete(*, user_id: int, provider: str, others: Collection[str]) -> None:
    """Let a person sign in by that provider no more; what they have open stays.

    LastWayIn for who has neither a password nor a link with one of the `others`, the providers that are switched on.
    """
    with write():
        user = lock_user(user_id)
        links = UserSocialAuth.objects.filter(user_id=user_id)
        if not user.has_usable_password() and not links.filter(provider__in=set(others) - {provider}).exists():
            raise LastWayIn
        links.filter(provider=provider).delete()


def expired_oauth_nonces_delete() -> None:
    """Forget sign-ins by an account elsewhere that were begun and never came back; their time is long over."""
    Nonce.objects.filter(timestamp__lt=time.time() - _OVER).delete()


def _link(user: User, identity: Identity, title: str) -> None:
    try:
        with transaction.atomic():
            UserSocialAuth.objects.create(
                user=user, provider=identity.provider, uid=identity.subject, id_key=identity.subject_key
            )
    except IntegrityError:
        raise LinkTaken(title) from None


def _email(identity: Identity) -> str | None:
    try:
        return clean_email(identity.email)
    except AccountError:
        return None
