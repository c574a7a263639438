"""Messages, their keys, mentions, pins and reactions. Written only by `chat.actions` and `chat.sending.writer`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.models.channel import Channel

UNCOUNTED = models.Q(recalled_at__isnull=False) | models.Q(thread_only=True)
"""Messages that do not count as unread: the recalled ones, and answers that only their thread shows."""


class MessageKey(models.Model):
    """The idempotency key of a send: sender and client message id. It outlives its message, and their ids are equal."""

    # Without an index of their own, which every message would pay for: users and channels are never deleted.
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    client_id = models.CharField(max_length=64, null=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["sender", "client_id"], name="message_key_once"),)


class Message(models.Model):
    """A message. `seq` counts 1, 2, 3, … within its channel; `id` is that of its MessageKey."""

    # An "auto" field although the value is always given: SQLite then uses it as the row id, without a second index.
    id = models.BigAutoField(primary_key=True)
    # Channel and sender are the first fields of indexes below.
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="messages", db_index=False)
    seq = models.BigIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    type = models.CharField(max_length=16, default="text")
    text = models.TextField()
    shown_as = models.CharField(max_length=64, blank=True, default="")
    """The name to show as the sender, if a service account sent it on behalf of a user."""
    reply_to = models.BigIntegerField(null=True, blank=True)
    reply_seq = models.BigIntegerField(null=True, blank=True)
    thread = models.BigIntegerField(null=True, blank=True)
    """The id of the message whose thread this one belongs to."""
    thread_only = models.BooleanField(default=False, db_default=False)
    """True for an answer that was not sent to the channel as well. It does not count as unread there."""
    position = models.BigIntegerField()
    time = models.BigIntegerField()
    """Unix milliseconds."""
    attachments = models.JSONField(null=True, blank=True)
    """Its files as clients get them, a list of `payloads.attachment`; None without any. They never change."""
    mentions = models.JSONField(null=True, blank=True)
    """The users whom its text mentions as clients get them, a list of `payloads.mention`; None without any."""
    forwarded = models.JSONField(null=True, blank=True)
    """Its first sender and time as clients get them, a `payloads.forward_origin`; None unless it was forwarded."""
    forwarded_from = models.BigIntegerField(null=True, blank=True)
    """The id of the user whom `forwarded` names."""
    previews = models.JSONField(null=True, blank=True)
    """The previews of its links as clients get them, a list of `payloads.link_preview`; None if it never had any."""
    edited_at = models.BigIntegerField(null=True, blank=True)
    recalled_at = models.BigIntegerField(null=True, blank=True)
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["channel", "seq"], name="message_seq_once"),)
        indexes = (
            models.Index(fields=["sender", "-id"], name="message_sender"),
            models.Index(fields=["time"], name="message_file_time", condition=~models.Q(type="text")),
            models.Index(
                fields=["recalled_by"], name="message_recalled_by", condition=models.Q(recalled_by__isnull=False)
            ),
            models.Index(fields=["thread", "seq"], name="message_thread", condition=models.Q(thread__isnull=False)),
            # Account deletion looks for these.
            models.Index(
                fields=["forwarded_from"], name="message_forwarded", condition=models.Q(forwarded_from__isnull=False)
            ),
            # Every list of channels subtracts these from the unread messages.
            models.Index(fields=["channel", "seq"], name="message_uncounted", condition=UNCOUNTED),
        )

    def __str__(self) -> str:
        return f"{self.channel_id}#{self.seq}"


class MessageMention(models.Model):
    """A user whom a message mentions; without a user, all members of its channel."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentioned")
    # Without a constraint: storing a message must not wait for the row of a user who is not its sender.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    """The number of the message in its channel."""
    is_silent = models.BooleanField(default=False)
    """True if it is neither counted nor listed: the user has sent the message, or had blocked the sender."""

    class Meta:
        indexes = (
            models.Index(fields=["user", "channel", "seq"], name="mention_unread"),
            models.Index(fields=["user", "-message"], name="mention_newest"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.message_id}"


class Pin(models.Model):
    """A pinned message."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="pins")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="pin")
    pinned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    pinned_at = models.BigIntegerField()
    """Unix milliseconds."""

    def __str__(self) -> str:
        return str(self.message_id)


class Reaction(models.Model):
    """An emoji that users chose for a message, and their number. It stays at 0 when the last one removes it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions", db_index=False)
    emoji = models.CharField(max_length=32)
    count = models.PositiveIntegerField()
    position = models.BigIntegerField()
    """The position of the last event about it. Clients order pages of history and events by it."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["message", "emoji"], name="reaction_once"),)

    def __str__(self) -> str:
        return f"{self.emoji} {self.message_id}"


class ReactionUser(models.Model):
    """A user who chose an emoji for a message."""

    reaction = models.ForeignKey(Reaction, on_delete=models.CASCADE, related_name="users", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    time = models.BigIntegerField()
    """Unix milliseconds."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["reaction", "user"], name="reaction_user_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.reaction_id}"
