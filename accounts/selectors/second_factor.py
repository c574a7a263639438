"""Reads of a user's second factors."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AuthenticatorApp, Passkey, RecoveryCode, User


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """A user's second factors. `recovery_codes` is how many are left."""

    app: AuthenticatorApp | None
    passkeys: list[Passkey]
    recovery_codes: int


def second_factors(user: User) -> SecondFactors:
    """Return the user's second factors, the oldest passkey first."""
    return SecondFactors(
        AuthenticatorApp.objects.filter(user=user).first(),
        list(Passkey.objects.filter(user=user).order_by("pk")),
        RecoveryCode.objects.filter(user=user).count(),
    )


def has_authenticator_app(user: User) -> bool:
    return AuthenticatorApp.objects.filter(user=user).exists()


def has_passkey(user: User) -> bool:
    return Passkey.objects.filter(user=user).exists()


def passkey_ids(user: User) -> list[bytes]:
    """Return the credential ids of the user's passkeys."""
    ids = Passkey.objects.filter(user=user).order_by("pk").values_list("credential_id", flat=True)
    return [bytes(credential_id) for credential_id in ids]


def passkey_by_credential(credential_id: bytes) -> Passkey | None:
    """Return the passkey with this credential id, and its user."""
    return Passkey.objects.select_related("user").filter(credential_id=credential_id).first()
