"""What lets a person in: browser sessions and passwords, and everything at once; tokens are in `tokens`."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from knox.models import AuthToken

from accounts.actions.devices import devices_delete, devices_delete_all
from accounts.actions.oauth_links import expired_oauth_nonces_delete
from accounts.actions.revocations import revoke_credentials, revoke_user
from accounts.actions.tokens import tokens_delete
from accounts.actions.user_persistence import hash_password, lock_user
from accounts.credentials import EARLIER_CREDENTIALS, session_credential, token_credential
from accounts.models import User
from accounts.selectors.users import session_store
from delivery.db.transactions import write


def session_end(*, user_id: int, session_key: str) -> None:
    """Sign the person out of one browser: its session is gone when its connections close."""
    session = session_store(session_key)
    with write():
        lock_user(user_id)
        credentials = [session_credential(session_key), *session.get(EARLIER_CREDENTIALS, ())]
        # In the same transaction, so that a connection which was just closed cannot come back by it.
        session.delete(session_key)
        devices_delete(*credentials)
        revoke_credentials(user_id, *credentials)


def expired_credentials_delete() -> None:
    """Delete the tokens, browser sessions, sign-ins under way and failed ones whose time is over."""
    expired_oauth_nonces_delete()
    # The library does it too, but only when somebody else fails.
    AccessAttempt.objects.filter(
        attempt_time__lt=timezone.now() - timedelta(seconds=settings.IM_LOGIN_LOCK_SECONDS)
    ).delete()
    tokens_delete(AuthToken.objects.filter(expiry__lte=timezone.now()))
    session_store("").clear_expired()


def sign_out_everywhere(*, user_id: int) -> None:
    """End all sessions, tokens and connections of a person."""
    with write():
        revoke_all_credentials(lock_user(user_id))


def sign_in_unlock(*, username: str, address: str) -> None:
    """Forget the failed sign-ins of a name (in its compared form) from an address, so that it is not locked there."""
    reset(username=username, ip=address)


def password_change(*, user: User, new_password: str, keep_credential: str | None = None) -> None:
    """Set the password and end what was opened with the old one, but for the credential that changed it.

    Sessions lapse because they are bound to the password; the caller renews its own. `user` is brought up to date.
    BadPassword if the policy refuses it.
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


def revoke_all_credentials(user: User) -> None:
    """The same inside an action's transaction, for a locked row; the last thing it does."""
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    AuthToken.objects.filter(user_id=user.pk).delete()
    devices_delete_all(user_id=user.pk)
    revoke_user(user.pk)
