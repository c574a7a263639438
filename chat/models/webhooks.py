"""How other systems listen and post: webhooks out, each a cursor on the log, and incoming ones.

Written only by `chat.actions`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.channel import Channel


class Webhook(models.Model):
    """Another system's URL that is told of events. All up to `position` has been delivered or did not concern it."""

    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64, editable=False)
    """Signs what is sent; the receiver has it too."""
    events = models.CharField(max_length=200)
    """Names of the events that it subscribes to (`chat.wire.schema.events.SUBSCRIPTIONS`), comma separated."""
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: all but private."
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    enabled = models.BooleanField(default=True)
    position = models.BigIntegerField(default=0, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """Attempts that failed since the last that did not."""
    failing_since = models.DateTimeField(null=True, editable=False)
    next_at = models.DateTimeField(default=timezone.now, editable=False)
    """Not before this the next attempt is made."""
    disabled_reason = models.CharField(max_length=200, blank=True, default="", editable=False)
    """Why nothing is delivered any more; empty while it is, or where somebody switched it off."""
    leased_until = models.DateTimeField(null=True, editable=False)
    """One node at a time delivers: whose lease this is."""
    leased_by = models.CharField(max_length=64, default="", editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def heard(self) -> list[str]:
        """The kinds it wants to hear of."""
        return self.events.split(",")


class WebhookDelivery(models.Model):
    """One attempt to deliver, for the operator to look at. Old ones are forgotten."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    events = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()
    status = models.PositiveIntegerField(null=True)
    """HTTP status of the answer; null: there was none."""
    error = models.CharField(max_length=200, blank=True, default="")
    milliseconds = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=["webhook", "-at"], name="webhook_delivery_at"),)


class WebhookAside(models.Model):
    """An event that the receiver refuses while it takes others: sent again by itself, and in nobody's way."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="asides")
    position = models.BigIntegerField()
    attempts = models.PositiveIntegerField(default=1)
    since = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True)
    """When it is sent again; null: not before somebody wants that."""
    status = models.PositiveIntegerField(null=True)
    """HTTP status of the last answer; null: there was none."""
    error = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["webhook", "position"], name="webhook_aside_once"),)


class IncomingHook(models.Model):
    """A URL by which another system posts into one channel, as a bot. Its secret part is kept as a digest."""

    name = models.CharField(max_length=100)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    bot = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=128, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    enabled = models.BooleanField(default=True)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name
