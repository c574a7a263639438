"""The models of the event log, idempotency keys and receipts.

Events have positions 1, 2, 3, … in commit order. They are appended by `delivery.log` and read by it and
`delivery.replay` only.
"""

from __future__ import annotations

from django.db import models


class LogHead(models.Model):
    """One row with the last position. An append updates it last and commits at once."""

    position = models.BigIntegerField(default=0)


class LostRange(models.Model):
    """Positions whose events a restored or replaced database may have lost, both ends included.

    `delivery.lost_positions` skips them, so that they are never assigned again.
    """

    first = models.BigIntegerField()
    last = models.BigIntegerField()


class Event(models.Model):
    """An entry of the event log. Its audience is a channel, or the users in EventRecipient."""

    # An "auto" field although the value is always given: SQLite then uses it as the row id, without a second index.
    position = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=24)
    channel = models.BigIntegerField(null=True)
    ref = models.BigIntegerField(null=True)
    """The id of the message that the event is about, so that a recall can erase its text here too."""
    subject = models.BigIntegerField(null=True)
    """The position of the event that this one is about: only users who could read that one get this one."""
    app = models.IntegerField(null=True)
    """The app whose connections get it live; null: all."""
    origin = models.CharField(max_length=48, default="")
    """The request that caused it, `<connection>.<request>`, or empty."""
    header = models.TextField(default="")
    """JSON that delivery itself acts on: {"join": [...], "leave": [...], "revoke": {...}}; empty if there is none."""
    body = models.TextField(default="")
    """JSON, opaque to delivery."""
    time = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        indexes = (
            models.Index(fields=["channel", "position"], name="event_channel_position"),
            models.Index(fields=["ref"], name="event_ref", condition=models.Q(ref__isnull=False)),
        )


class EventRecipient(models.Model):
    """A user in the audience of an event that has no channel."""

    user_id = models.BigIntegerField()
    position = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user_id", "position"], name="event_recipient_once"),)
        indexes = (models.Index(fields=["position"], name="event_recipient_position"),)


class IdempotencyRecord(models.Model):
    """An idempotency key of an HTTP request (`msgID`, `Idempotency-Key`) with its stored response, until it expires.

    It is written in the transaction of the action that it guards.
    """

    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    response = models.TextField(default="")
    """Text of the response, for a repeat of the request; empty for a plain key."""
    fingerprint = models.CharField(max_length=64, default="")
    """Fingerprint of the request: another request with the same key is refused. Empty for a plain key."""
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once"),)


class Receipt(models.Model):
    """The number of connections that got an event with `receipt` in its header, live or by `sync`."""

    position = models.BigIntegerField()
    user_id = models.BigIntegerField(default=0)
    """The user of these connections; 0 where they are not counted by user, as in a group."""
    connections = models.PositiveIntegerField()
    first_at = models.BigIntegerField()
    """Unix milliseconds of the first delivery."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["position", "user_id"], name="receipt_once"),)
