"""Sessions, passwords, and revoking all credentials of a user. Tokens are in `tokens`."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from knox.models import AuthToken

from accounts.actions.devices import devices_delete, devices_delete_all
from accounts.actions.oauth_links import expired_nonces_delete
from accounts.actions.revocations import revoke_credentials, revoke_user
from accounts.actions.tokens import tokens_delete
from accounts.actions.user_persistence import hash_password, lock_user
from accounts.credentials import EARLIER_CREDENTIALS, session_credential, token_credential
from accounts.models import User
from accounts.selectors.users import session_store
from delivery.db.transactions import write


def session_end(*, user_id: int, session_key: str) -> None:
    """Sign the user out of one browser: delete its session and close its connections."""
    session = session_store(session_key)
    with write():
        lock_user(user_id)
        credentials = [session_credential(session_key), *session.get(EARLIER_CREDENTIALS, ())]
        # In the same transaction, so that a closed connection cannot log in again with the session.
        session.delete(session_key)
        devices_delete(*credentials)
        revoke_credentials(user_id, *credentials)


def expired_credentials_delete() -> None:
    """Delete expired tokens, browser sessions, unfinished OAuth sign-ins, and failed sign-ins past the lock."""
    expired_nonces_delete()
    # django-axes deletes them too, but only at the next failed sign-in.
    AccessAttempt.objects.filter(
        attempt_time__lt=timezone.now() - timedelta(seconds=settings.IM_LOGIN_LOCK_SECONDS)
    ).delete()
    tokens_delete(AuthToken.objects.filter(expiry__lte=timezone.now()))
    session_store("").clear_expired()


def sign_out_everywhere(*, user_id: int) -> None:
    """End all sessions, tokens and connections of a user."""
    with write():
        revoke_all_credentials(lock_user(user_id))


def sign_out_others(*, user_id: int, keep_credential: str) -> None:
    """End all sessions, tokens and connections of a user except those of `keep_credential`.

    Its session becomes invalid as well; the caller renews it.
    """
    with write():
        revoke_all_credentials(lock_user(user_id), keep=keep_credential)


def sign_in_unlock(*, username: str, address: str) -> None:
    """Delete the failed sign-ins of a normalized name from an address, which removes the lock there."""
    reset(username=username, ip=address)


def password_change(*, user: User, new_password: str, keep_credential: str | None = None) -> None:
    """Set the password and revoke all other credentials. `keep_credential` is the one that changed the password.

    Sessions become invalid because they are bound to the password; the caller renews its own. Updates `user`. Raises
    BadPassword if the password policy refuses the password.
    """
    hashed = hash_password(new_password, user)
    with write():
        row = lock_user(user.pk)
        row.password = hashed
        row.save(update_fields=["password"])
        for token in AuthToken.objects.filter(user_id=user.pk):
            if token_credential(token.digest) != keep_credential:
                token.delete()
        devices_delete_all(user_id=user.pk, keep=keep_credential)
        revoke_user(user.pk, keep=keep_credential)
    user.password = hashed


def revoke_all_credentials(user: User, *, keep: str | None = None) -> None:
    """End all sessions, tokens and connections of a locked user, as the last step of an action's transaction.

    The connections of the session with the credential `keep` stay.
    """
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    AuthToken.objects.filter(user_id=user.pk).delete()
    devices_delete_all(user_id=user.pk, keep=keep)
    revoke_user(user.pk, keep=keep)
