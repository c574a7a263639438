"""Channels, who is in them and how far they have read. Written only by `chat.actions` and `chat.sending`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import App


class Channel(models.Model):
    """A conversation: an app's global room, a group, or two people."""

    class Kind(models.TextChoices):
        GLOBAL = "global", "Global"
        PUBLIC = "public", "Group"
        PRIVATE = "private", "Private"

    class Join(models.TextChoices):
        OPEN = "open", "Anyone may join"
        INVITE = "invite", "Members invite"
        CLOSED = "closed", "Owner and admins add"

    class History(models.TextChoices):
        JOINED = "joined", "From joining on"
        ALL = "all", "All of it"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=64, blank=True, default="")
    join = models.CharField(max_length=8, choices=Join.choices, default=Join.CLOSED)
    listed = models.BooleanField(default=False)
    app = models.OneToOneField(App, on_delete=models.PROTECT, null=True, blank=True, related_name="channel")
    pair = models.CharField(max_length=48, unique=True, null=True, blank=True, editable=False)
    """`<smaller id>:<greater id>` of a private channel's two people: it exists once."""
    last_seq = models.BigIntegerField(default=0, editable=False)
    cut_seq = models.BigIntegerField(default=0, editable=False)
    """Messages up to this number are gone by retention."""
    active_at = models.BigIntegerField(default=0, editable=False)
    """Unix milliseconds of the newest message, or of the creation."""
    closed = models.BooleanField(default=False, help_text="Readable for its members; nothing can be sent.")
    history = models.CharField(
        max_length=8,
        choices=History.choices,
        default=History.JOINED,
        help_text="What members may read of the time before they came. In a group that anyone may join: all.",
    )
    announcements_only = models.BooleanField(default=False, help_text="Only its owner and admins send.")
    slow_mode = models.PositiveIntegerField(default=0, help_text="Seconds between two messages of one member; 0: none.")
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days for which messages are kept; empty: as the site has it; 0: for good."
    )

    class Meta:
        permissions = (
            ("use_gateway", "Can call the gateway: see who is online, send to people and apps"),
            ("view_state", "Can see the state of the nodes"),
            ("speak_for_others", "Can send in the name of a person"),
            ("manage_channels", "Can act on every group without being in it"),
        )
        indexes = (
            models.Index(fields=["name"], name="channel_listed_name", condition=models.Q(listed=True)),
            models.Index(fields=["kind", "name"], name="channel_kind_name"),
        )

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"


class Membership(models.Model):
    """One stay of a person in a channel: an interval of log positions, and of the channel's numbers.

    The stay covers the events from its join (`from_position`) to its leave (`until_position`, null: still there), both
    included. Who returns gets a second row, so the time between belongs to neither.
    """

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MEMBER = "member", "Member"

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    from_position = models.BigIntegerField()
    until_position = models.BigIntegerField(null=True, blank=True)
    from_seq = models.BigIntegerField()
    until_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["channel", "user"],
                condition=models.Q(until_position__isnull=True),
                name="membership_current_once",
            ),
        )
        indexes = (models.Index(fields=["user", "channel"], name="membership_user_channel"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}"


class ReadMark(models.Model):
    """How far a person has read a channel, by number, and when they last spoke. Merged upwards, outside the log."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    said_at = models.BigIntegerField(null=True, editable=False)
    """Unix milliseconds of the person's own last message here, for slow mode."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "channel"], name="read_mark_once"),)
