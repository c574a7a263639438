"""What lets a person in: browser sessions and passwords, and everything at once; tokens are in `tokens`."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from knox.models import AuthToken

from accounts.actions.devices import device_forget, devices_forget_all
from accounts.actions.oauth_links import trips_forget
from accounts.actions.revocations import revoke, revoke_all
from accounts.actions.tokens import tokens_forget
from accounts.actions.user_persistence import hashed_password, locked
from accounts.credentials import EARLIER_CREDENTIALS, session_credential, token_credential
from accounts.models import User
from accounts.selectors.users import session_store
from delivery.db.transactions import write


def session_end(*, user_id: int, session_key: str) -> None:
    """Sign the person out of one browser: its session is gone when its connections close."""
    session = session_store(session_key)
    with write():
        locked(user_id)
        credentials = [session_credential(session_key), *session.get(EARLIER_CREDENTIALS, ())]
        # In the same transaction, so that a connection which was just closed cannot come back by it.
        session.delete(session_key)
        device_forget(*credentials)
        revoke(user_id, *credentials)


def expired_forget() -> None:
    """Delete the tokens, browser sessions, sign-ins under way and failed ones whose time is over."""
    trips_forget()
    # The library does it too, but only when somebody else fails.
    AccessAttempt.objects.filter(
        attempt_time__lt=timezone.now() - timedelta(seconds=settings.IM_LOGIN_LOCK_SECONDS)
    ).delete()
    tokens_forget(AuthToken.objects.filter(expiry__lte=timezone.now()))
    session_store("").clear_expired()


def sign_out_everywhere(*, user_id: int) -> None:
    """End all sessions, tokens and connections of a person."""
    with write():
        end_all(locked(user_id))


def sign_in_unlock(*, username: str, address: str) -> None:
    """Forget the failed sign-ins of a name (in its compared form) from an address, so that it is not locked there."""
    reset(username=username, ip=address)


def password_change(*, user: User, new_password: str, keep_credential: str | None = None) -> None:
    """Set the password and end what was opened with the old one, but for the credential that changed it.

    Sessions lapse because they are bound to the password; the caller renews its own. `user` is brought up to date.
    BadPassword if the policy refuses it.
    """
    hashed = hashed_password(new_password, user)
    with write():
        row = locked(user.pk)
        row.password = hashed
        row.save(update_fields=["password"])
        for token in AuthToken.objects.filter(user_id=user.pk):
            if token_credential(token.digest) != keep_credential:
                token.delete()
        devices_forget_all(user_id=user.pk, keep=keep_credential)
        revoke_all(user.pk, keep=keep_credential)
    user.password = hashed


def end_all(user: User) -> None:
    """The same inside an action's transaction, for a locked row; the last thing it does."""
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    AuthToken.objects.filter(user_id=user.pk).delete()
    devices_forget_all(user_id=user.pk)
    revoke_all(user.pk)
