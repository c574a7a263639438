"""Webhooks, each with a cursor on the event log, and incoming webhooks. Written only by `chat.webhooks`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.channel import Channel


class Webhook(models.Model):
    """Another system's URL that receives events. Everything up to `position` has been delivered or did not match."""

    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64, editable=False)
    """Signs requests; shared with the receiver."""
    events = models.CharField(max_length=200)
    """Names of the subscribed events (of `chat.wire.schema.events.SUBSCRIPTIONS`), separated by commas."""
    channel = models.ForeignKey(
        Channel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: all channels except private ones.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    enabled = models.BooleanField(default=True)
    position = models.BigIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """Failed attempts since the last successful one."""
    failing_since = models.DateTimeField(null=True, editable=False)
    next_attempt_at = models.DateTimeField(default=timezone.now, editable=False)
    """Time before which no attempt is made."""
    disabled_reason = models.CharField(max_length=200, blank=True, default="", editable=False)
    """The reason why the site disabled it. Empty while it is enabled, and if a user disabled it."""
    leased_until = models.DateTimeField(null=True, editable=False)
    """End of the lease of the node that delivers now; one node at a time does."""
    leased_by = models.CharField(max_length=64, default="", editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def subscriptions(self) -> list[str]:
        """The names of the subscribed events."""
        return self.events.split(",")


class WebhookDelivery(models.Model):
    """A delivery attempt, shown to the webhook's manager. Old ones are deleted."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    event_count = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    status = models.PositiveIntegerField(null=True)
    """HTTP status of the response; null: there was none."""
    error = models.CharField(max_length=200, blank=True, default="")
    duration_ms = models.PositiveIntegerField()
    attempted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=["webhook", "-attempted_at"], name="webhook_delivery_attempted"),)


class WebhookDeadLetter(models.Model):
    """An event that the receiver refused while it accepted later ones. It is retried separately and delays no other."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="dead_letters")
    position = models.BigIntegerField()
    attempts = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True)
    """Time of the next attempt; null: none until a user asks for one."""
    status = models.PositiveIntegerField(null=True)
    """HTTP status of the last response; null: there was none."""
    error = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["webhook", "position"], name="webhook_dead_letter_once"),)


class IncomingWebhook(models.Model):
    """A URL through which another system posts into one channel, as a bot. Only a digest of its secret is stored."""

    name = models.CharField(max_length=100)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    bot = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=128, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    enabled = models.BooleanField(default=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name
