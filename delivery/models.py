"""The one log: events with positions 1, 2, 3, … in commit order. Appended to and read through `delivery.log` only."""

from __future__ import annotations

from django.db import models


class LogHead(models.Model):
    """One row: the last position given out. Whoever appends updates it last and commits at once."""

    position = models.BigIntegerField(default=0)


class Event(models.Model):
    """Something that lasts and that somebody must hear of. Its audience is a channel, or the persons in EventPerson."""

    # An "auto" field although we always give the value: only so SQLite makes it the row id, without a second index.
    position = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=24)
    channel = models.BigIntegerField(null=True)
    ref = models.BigIntegerField(null=True)
    """What the event is about (a message's id), so that what was recalled can be redacted here too."""
    subject = models.BigIntegerField(null=True)
    """Position of the event this one is about: who could not read that one does not get this one."""
    app = models.IntegerField(null=True)
    """Live delivery to connections on this app only; null: all."""
    origin = models.CharField(max_length=48, default="")
    """`<connection>.<request>` that caused it, or empty."""
    header = models.TextField(default="")
    """JSON that delivery itself obeys: {"join": [...], "leave": [...], "revoke": {...}}; empty if nothing."""
    body = models.TextField(default="")
    """JSON, opaque to delivery."""
    time = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        indexes = (
            models.Index(fields=["channel", "position"], name="event_channel_position"),
            models.Index(fields=["ref"], name="event_ref", condition=models.Q(ref__isnull=False)),
        )


class EventPerson(models.Model):
    """One person in the audience of an event that is not a channel's."""

    person = models.BigIntegerField()
    position = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person", "position"], name="event_person_once"),)


class ClaimedKey(models.Model):
    """Key of an HTTP call (`msgID`, `Idempotency-Key`), claimed in the transaction of the work that it guards."""

    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    response = models.TextField(default="")
    """Text of the response, for a repeat of the request; empty for a plain key."""
    fingerprint = models.CharField(max_length=64, default="")
    """Fingerprint of the request: another request with the same key is refused. Empty for a plain key."""
    expires = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "key"], name="claimed_key_once"),)


class Receipt(models.Model):
    """How many connections got an event that asked for it (its header has `receipt`), live or by `sync`."""

    position = models.BigIntegerField()
    person = models.BigIntegerField(default=0)
    """Whose connections; 0 where they are not told apart, as in a channel."""
    connections = models.PositiveIntegerField()
    at = models.BigIntegerField()
    """Unix milliseconds of the first."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["position", "person"], name="receipt_once"),)
