"""Authenticator apps and recovery codes of users, and the reset of all their second factors."""

from __future__ import annotations

import logging
import time
from enum import Enum

from accounts.actions.user_persistence import lock_user
from accounts.encryption import DecryptionError, decrypt, encrypt
from accounts.errors import CodeRefused, NoSuchUser
from accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User
from accounts.second_factor.recovery_codes import code_digest, new_codes
from accounts.second_factor.totp import accepted_step
from delivery.db.transactions import write

logger = logging.getLogger(__name__)


class UsedCode(Enum):
    """The kind of a code that was accepted."""

    APP = "app"
    RECOVERY = "recovery"


def authenticator_app_create(*, user_id: int, secret: str, code: str) -> list[str]:
    """Store the secret of the user's authenticator app, in place of an earlier one. `code` proves that the app has it.

    Return new recovery codes if it is the user's first second factor, else an empty list. Raise CodeRefused.
    """
    step = accepted_step(secret, code, at=time.time())
    if step is None:
        raise CodeRefused
    with write():
        user = lock_person(user_id)
        AuthenticatorApp.objects.update_or_create(user=user, defaults={"secret": encrypt(secret), "last_step": step})
        return second_factor_added(user)


def authenticator_app_delete(*, user_id: int) -> bool:
    """Remove the user's authenticator app. Without a passkey, two-factor sign-in is off then.

    Return whether the user had one.
    """
    with write():
        user = lock_user(user_id)
        deleted, _ = AuthenticatorApp.objects.filter(user=user).delete()
        second_factor_removed(user)
    return bool(deleted)


def recovery_codes_replace(*, user_id: int) -> list[str]:
    """Return new recovery codes. Earlier ones end. Raise NoSuchUser for a user without a second factor."""
    with write():
        user = lock_user(user_id)
        if not user.has_second_factor:
            raise NoSuchUser
        return _new_recovery_codes(user)


def second_factor_code_use(*, user_id: int, code: str) -> UsedCode:
    """Use up a code of the authenticator app or a recovery code. Raise CodeRefused for a wrong or used one."""
    with write():
        user = lock_user(user_id)
        app = AuthenticatorApp.objects.filter(user=user).first()
        if app is not None and _use_app_code(app, code):
            return UsedCode.APP
        deleted, _ = RecoveryCode.objects.filter(user=user, digest=code_digest(user.pk, code)).delete()
        if deleted:
            return UsedCode.RECOVERY
    raise CodeRefused


def second_factor_reset(*, user_id: int) -> None:
    """Remove the user's authenticator app, passkeys and recovery codes, as an operator."""
    with write():
        user = lock_user(user_id)
        AuthenticatorApp.objects.filter(user=user).delete()
        Passkey.objects.filter(user=user).delete()
        second_factor_removed(user)


def lock_person(user_id: int) -> User:
    """Lock and return an active user with an account of their own. Raise NoSuchUser otherwise."""
    user = lock_user(user_id)
    if not user.is_active or user.kind != User.Kind.PERSON:
        raise NoSuchUser
    return user


def second_factor_added(user: User) -> list[str]:
    """Turn two-factor sign-in of a locked user on. Return recovery codes if it was off, else an empty list."""
    if user.has_second_factor:
        return []
    user.has_second_factor = True
    user.save(update_fields=["has_second_factor"])
    return _new_recovery_codes(user)


def second_factor_removed(user: User) -> None:
    """Turn two-factor sign-in of a locked user off, with the recovery codes, if no factor is left."""
    factors = (AuthenticatorApp.objects.filter(user=user), Passkey.objects.filter(user=user))
    if any(rows.exists() for rows in factors):
        return
    RecoveryCode.objects.filter(user=user).delete()
    user.has_second_factor = False
    user.save(update_fields=["has_second_factor"])


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = new_codes()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=code_digest(user.pk, code)) for code in codes])
    return codes


def _use_app_code(app: AuthenticatorApp, code: str) -> bool:
    try:
        secret = decrypt(app.secret)
    except DecryptionError:
        # SECRET_KEY was replaced without SECRET_KEY_FALLBACKS. The recovery codes go on working.
        logger.error("authenticator_secret_unreadable", extra={"user": app.user_id})
        return False
    step = accepted_step(secret, code, at=time.time(), after=app.last_step)
    if step is None:
        return False
    # Encrypted anew, so that an earlier SECRET_KEY need not be kept for users who sign in.
    AuthenticatorApp.objects.filter(pk=app.pk).update(last_step=step, secret=encrypt(secret))
    return True
