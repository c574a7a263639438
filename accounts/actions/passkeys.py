"""Passkeys of users."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from social_django.models import Nonce

from accounts import errors
from accounts.actions.second_factor import lock_person, second_factor_added, second_factor_removed
from accounts.actions.user_persistence import lock_user
from accounts.errors import PasskeyRefused
from accounts.models import Passkey
from accounts.models.second_factor import PASSKEY_NAME_MAX_LENGTH
from accounts.second_factor.webauthn import NewPasskey
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

_DEFAULT_NAME = "Passkey"
_CHALLENGES = "imsite.passkeys"
"""The place of the challenges in the table of used numbers. `expired_nonces_delete` deletes them after a day."""


def passkey_create(*, user_id: int, name: str, key: NewPasskey) -> list[str]:
    """Store a passkey. Return new recovery codes if it is the user's first second factor, else an empty list.

    Raise PasskeyRefused at IM_MAX_PASSKEYS_PER_USER, and for a key that is stored already.
    """
    with write():
        user = lock_person(user_id)
        limit = settings.IM_MAX_PASSKEYS_PER_USER
        if Passkey.objects.filter(user=user).count() >= limit:
            raise PasskeyRefused(errors.PASSKEY_LIMIT_REACHED, limit=limit)
        try:
            with transaction.atomic():
                Passkey.objects.create(
                    user=user,
                    name=_clean_name(name),
                    credential_id=key.credential_id,
                    attested_data=key.attested_data,
                    sign_count=key.sign_count,
                )
        except IntegrityError:
            raise PasskeyRefused from None
        return second_factor_added(user)


def passkey_rename(*, user_id: int, passkey_id: int, name: str) -> None:
    """Rename a passkey of the user. Those of other users stay."""
    with write():
        Passkey.objects.filter(user_id=user_id, pk=passkey_id).update(name=_clean_name(name))


def passkey_delete(*, user_id: int, passkey_id: int) -> str | None:
    """Remove a passkey of the user; return its name, or None if the user has none with this id."""
    with write():
        user = lock_user(user_id)
        passkey = Passkey.objects.filter(user=user, pk=passkey_id).first()
        if passkey is None:
            return None
        passkey.delete()
        second_factor_removed(user)
        return passkey.name


def passkey_challenge_use(challenge: str, *, at: int) -> None:
    """Use up a challenge that was made at this time, in Unix seconds. Raise PasskeyRefused if it is used already."""
    with write():
        _, is_first_use = Nonce.objects.get_or_create(server_url=_CHALLENGES, timestamp=at, salt=challenge)
    if not is_first_use:
        raise PasskeyRefused


def passkey_record_use(*, passkey_id: int, sign_count: int) -> None:
    """Store the count of signatures of a passkey that has just signed.

    Raise PasskeyRefused if it has not grown: two copies of the key are in use. Passkeys that are shared between devices
    on purpose count nothing and always say 0.
    """
    with write():
        passkey = Passkey.objects.select_for_update().filter(pk=passkey_id).first()
        if passkey is None:
            raise PasskeyRefused
        if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
            logger.warning("passkey_copied", extra={"user": passkey.user_id})
            raise PasskeyRefused
        passkey.sign_count, passkey.last_used_at = sign_count, timezone.now()
        passkey.save(update_fields=["sign_count", "last_used_at"])


def _clean_name(name: str) -> str:
    printable = "".join(letter for letter in name if letter.isprintable()).strip()
    return printable[:PASSKEY_NAME_MAX_LENGTH] or _DEFAULT_NAME
