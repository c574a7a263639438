"""Devices (browser sessions and API tokens) and the ids that other systems have for users.

Written only by `accounts.actions`.
"""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from knox.models import AuthToken

from accounts.models.app import App
from accounts.models.user import User


class Device(models.Model):
    """A browser session or an API token as its owner sees it. It does not hold the secret."""

    class Kind(models.TextChoices):
        BROWSER = "browser", "Browser"
        TOKEN = "token", "Token"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    credential = models.CharField(max_length=64, unique=True, editable=False)
    """The name of the session or token, as connections carry it: see `accounts.credentials`."""
    session = models.OneToOneField(Session, on_delete=models.CASCADE, null=True, editable=False, related_name="+")
    """The browser's session, so that another device can end it. This row is deleted with the session."""
    name = models.CharField(max_length=100, blank=True, default="")
    """A token's name, given by its creator; for a browser, a description from its User-Agent."""
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    address = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The creator of a token, if that is not its owner."""

    class Meta:
        indexes = (models.Index(fields=["user", "-last_seen_at"], name="device_user_seen"),)

    def __str__(self) -> str:
        return self.name or self.kind


class ReceivedPosition(models.Model):
    """The position up to which the client of a token has received every message over `/ws`, as far as it has proved."""

    token = models.OneToOneField(AuthToken, on_delete=models.CASCADE, primary_key=True, related_name="+")
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.position)


class ExternalUser(models.Model):
    """The id that another system (a service account) has for one of its own users."""

    service = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["service", "external_id"], name="external_id_once"),)

    def __str__(self) -> str:
        return self.external_id
