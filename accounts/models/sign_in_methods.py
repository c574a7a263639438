"""What lets people in, besides passwords: devices and tokens as people see them, and names that services have for them.

Written only by `accounts.actions`.
"""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone

from accounts.models.app import App
from accounts.models.user import User


class Device(models.Model):
    """A browser session or a token as its owner sees it. The secret itself is not here."""

    class Kind(models.TextChoices):
        BROWSER = "browser", "Browser"
        TOKEN = "token", "Token"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    credential = models.CharField(max_length=64, unique=True, editable=False)
    """As connections name what they came by: `accounts.credentials`."""
    session = models.OneToOneField(Session, on_delete=models.CASCADE, null=True, editable=False, related_name="+")
    """The browser's session, so that it can be ended from elsewhere; where it ends, this row goes with it."""
    name = models.CharField(max_length=100, blank=True, default="")
    """Given to a token by who made it; of a browser, what it says it is."""
    app = models.ForeignKey(App, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    address = models.GenericIPAddressField(null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """Who made the token, if not its owner."""

    class Meta:
        indexes = (models.Index(fields=["user", "-seen_at"], name="device_user_seen"),)

    def __str__(self) -> str:
        return self.name or self.kind


class ExternalId(models.Model):
    """What a service (another system) calls one of its own people here."""

    service = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["service", "external_id"], name="external_id_once"),)

    def __str__(self) -> str:
        return self.external_id
