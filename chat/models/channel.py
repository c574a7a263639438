"""Channels, memberships and read positions. Written only by `chat.actions` and `chat.sending.writer`."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import App


class Channel(models.Model):
    """A conversation: an app's global channel, a group, or a private channel of two users."""

    class Kind(models.TextChoices):
        GLOBAL = "global", "Global"
        PUBLIC = "public", "Group"
        PRIVATE = "private", "Private"

    class Join(models.TextChoices):
        OPEN = "open", "Anyone can join"
        INVITE = "invite", "Members can invite"
        CLOSED = "closed", "Owner and admins can add"

    class History(models.TextChoices):
        JOINED = "joined", "Since they joined"
        ALL = "all", "Full history"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=64, blank=True, default="")
    topic = models.CharField(max_length=250, blank=True, default="", db_default="")
    """One line that members see above the messages."""
    description = models.TextField(max_length=500, blank=True, default="", db_default="")
    picture_key = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    """The key of its `ChannelPicture`; empty without one."""
    join = models.CharField("joining", max_length=8, choices=Join.choices, default=Join.CLOSED)
    listed = models.BooleanField(default=False)
    app = models.OneToOneField(App, on_delete=models.PROTECT, null=True, blank=True, related_name="channel")
    pair = models.CharField(max_length=48, unique=True, null=True, blank=True, editable=False)
    """`<smaller id>:<greater id>` of a private channel's two users, so that they have one."""
    last_seq = models.BigIntegerField(default=0, editable=False)
    purged_seq = models.BigIntegerField(default=0, editable=False)
    """Retention has deleted the messages up to this sequence number."""
    purge_position = models.BigIntegerField(null=True, editable=False)
    """The position of the event that announced the last deletion to clients. The next such event replaces it."""
    active_at = models.BigIntegerField(default=0, editable=False)
    """Unix milliseconds of the newest message, or of the channel's creation."""
    closed = models.BooleanField(default=False, help_text="Members can read it. Nobody can send.")
    closed_by_operator = models.BooleanField(default=False, db_default=False, editable=False)
    """Its owners cannot reopen it."""
    history = models.CharField(
        "history for new members",
        max_length=8,
        choices=History.choices,
        default=History.JOINED,
        help_text="Messages from before they joined that members can read. In open groups, they can read everything.",
    )
    announcements_only = models.BooleanField(default=False, help_text="Only the owner and admins can send.")
    slow_mode = models.PositiveIntegerField(default=0, help_text="Seconds between two messages of a member. 0: off.")
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Days to keep messages. Empty: the site's default. 0: forever."
    )

    link_previews = models.BooleanField(
        null=True, blank=True, help_text="The site loads pages that messages link to. Empty: only if anyone can join."
    )

    class Meta:
        permissions = (
            ("use_gateway", "Can call the gateway: see who is online, send to users and apps"),
            ("view_state", "Can see the state of the nodes"),
            ("speak_for_others", "Can send on behalf of a user"),
            ("manage_channels", "Can manage every group without being a member"),
        )
        indexes = (
            models.Index(fields=["name"], name="channel_listed_name", condition=models.Q(listed=True)),
            models.Index(fields=["kind", "name"], name="channel_kind_name"),
        )

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"

    @property
    def picture(self) -> str:
        """Return the address of the picture on the site; empty without one."""
        return f"/group-pictures/{self.picture_key}.webp" if self.picture_key else ""

    @property
    def shows_link_previews(self) -> bool:
        """Return whether links in it get previews. In private channels, each sender decides instead."""
        if self.link_previews is not None:
            return self.link_previews
        return self.kind == self.Kind.GLOBAL or (self.kind == self.Kind.PUBLIC and self.join == self.Join.OPEN)


class Membership(models.Model):
    """A membership interval: the part of the log, and of the channel's sequence numbers, that a user was a member for.

    It covers the events from the join (`from_position`) to the leave (`until_position`, null: still a member), both
    included. A user who returns gets a second row, so that neither covers the time in between.
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
    """The last sequence number that a user has read in a channel. It only increases, and is not in the event log."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    unread_after = models.BigIntegerField(null=True, editable=False)
    """The user has marked the messages after this number, which is below `seq`, as unread. Only the user sees that."""
    last_sent_at = models.BigIntegerField(null=True, editable=False)
    """Unix milliseconds of the user's own last message in the channel, for slow mode."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "channel"], name="read_mark_once"),)
