"""What lets a person in: tokens, browser sessions, passwords; given out and taken away."""

from __future__ import annotations

from datetime import timedelta

from axes.utils import reset
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from knox.models import AuthToken

from accounts.actions.revocations import revoke, revoke_all
from accounts.actions.rows import hashed_password, locked
from accounts.credentials import EARLIER_CREDENTIALS, session_credential, token_credential
from accounts.errors import NoSuchPerson
from accounts.models import User
from accounts.selectors import session_store
from delivery.transactions import write


def token_issue(*, user: User) -> str:
    """A new token of an active person, in plain text: only its hash is kept. Expires after IM_TOKEN_DAYS.

    Expired ones of the person are swept out on the way. NoSuchPerson for the deactivated.
    """
    # Under the lock, so that no token appears behind a deactivation that is under way.
    with write():
        if not locked(user.pk).is_active:
            raise NoSuchPerson
        AuthToken.objects.filter(user_id=user.pk, expiry__lte=timezone.now()).delete()
        _, token = AuthToken.objects.create(user, expiry=timedelta(days=settings.IM_TOKEN_DAYS))
    return str(token)


def token_revoke(*, user_id: int, credential: str) -> None:
    """End the person's token that makes this credential (`person_by_token` tells it), and its connections."""
    with write():
        locked(user_id)
        for token in AuthToken.objects.filter(user_id=user_id):
            if token_credential(token.digest) == credential:
                token.delete()
        revoke(user_id, credential)


def session_end(*, user_id: int, session_key: str) -> None:
    """Sign the person out of one browser: its session is gone when its connections close."""
    session = session_store(session_key)
    with write():
        locked(user_id)
        credentials = [session_credential(session_key), *session.get(EARLIER_CREDENTIALS, ())]
        # In the same transaction, so that a connection which was just closed cannot come back by it.
        session.delete(session_key)
        revoke(user_id, *credentials)


def expired_forget() -> None:
    """Delete the tokens and browser sessions that have expired. They let nobody in; they only take room."""
    AuthToken.objects.filter(expiry__lte=timezone.now()).delete()
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
        revoke_all(user.pk, keep=keep_credential)
    user.password = hashed


def end_all(user: User) -> None:
    """The same inside an action's transaction, for a locked row; the last thing it does."""
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    AuthToken.objects.filter(user_id=user.pk).delete()
    revoke_all(user.pk)
