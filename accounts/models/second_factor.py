"""Second factors of users: an authenticator app, recovery codes, passkeys. Written only by `accounts.actions`.

`User.has_second_factor` is true while the user has an app or a passkey.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.user import User

PASSKEY_NAME_MAX_LENGTH = 60


class AuthenticatorApp(models.Model):
    """The secret that a user's authenticator app shares with the site."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    secret = models.TextField(editable=False)
    """Encrypted by `accounts.encryption`."""
    last_step = models.BigIntegerField(editable=False)
    """The time step of the last accepted code. Codes of this step and earlier ones are refused."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)


class RecoveryCode(models.Model):
    """A code that replaces the second factor once. Using it deletes the row."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),)


class Passkey(models.Model):
    """The public key of a passkey or security key of a user."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=PASSKEY_NAME_MAX_LENGTH)
    credential_id = models.BinaryField(max_length=1023, unique=True, editable=False)
    """The id that the authenticator has given the key."""
    attested_data = models.BinaryField(editable=False)
    """The authenticator's model, the credential id and the public key, as WebAuthn encodes them."""
    sign_count = models.BigIntegerField(editable=False)
    """The authenticator's count of signatures at its last use. A lower one would reveal a copy of the key."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.name
