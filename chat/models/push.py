"""Web Push: the browsers that get notifications without an open page, and the notifications that wait for them.

Written only by `chat.push`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Device


class PushSubscription(models.Model):
    """A browser that gets notifications of the chosen kinds. It is deleted with its session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="+")
    endpoint = models.TextField()
    """The URL of the browser's push service. It is a secret: others could use up the browser's limits."""
    endpoint_digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the endpoint: a browser has one subscription, whoever uses it."""
    p256dh = models.CharField(max_length=100)
    """The browser's public key, in base64url."""
    auth = models.CharField(max_length=50)
    """The browser's authentication secret, in base64url."""
    direct = models.BooleanField("direct messages", default=True)
    mentions = models.BooleanField(default=True)
    threads = models.BooleanField("followed threads", default=True)
    everything = models.BooleanField("every message", default=False)
    shows_text = models.BooleanField("shows the text", default=True)
    from_position = models.BigIntegerField()
    """Messages up to this position of the event log are not sent to it."""
    created_at = models.DateTimeField("created", default=timezone.now)
    succeeded_at = models.DateTimeField("last notification", null=True)
    """The time at which its push service accepted a notification."""

    class Meta:
        indexes = (models.Index(fields=["from_position"], name="push_from_position"),)

    def __str__(self) -> str:
        return str(self.pk)


class PushNotification(models.Model):
    """A notification that waits to be sent. A later message of its channel takes its place. Times are in Unix ms."""

    subscription = models.ForeignKey(
        PushSubscription, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    channel = models.BigIntegerField()
    """The id of the channel; 0 for a test."""
    message = models.BigIntegerField(null=True)
    """The id of the newest message; None for a test."""
    count = models.PositiveIntegerField(default=1)
    """The messages that it stands for."""
    created_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    is_deferred = models.BooleanField(default=False)
    """True if it has waited because its user was active on another device."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["subscription", "channel"], name="push_notification_once"),)
        indexes = (models.Index(fields=["due_at"], name="push_notification_due"),)

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.channel}"


class PushState(models.Model):
    """One row: the site's private key, and how far the event log has been read by the node that holds the lease."""

    private_key = models.CharField(max_length=50)
    """The VAPID key that the site made for itself, in base64url."""
    position = models.BigIntegerField()
    leased_by = models.CharField(max_length=64, default="")
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.position)
