"""Friendships and blocks between users. Written only by `accounts.actions`."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.user import User


class Friendship(models.Model):
    """A friend request from one user to another; a friendship once it is `accepted`."""

    from_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    to_user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pair = models.CharField(max_length=48, unique=True, editable=False)
    """`<smaller id>:<greater id>`, so that two users have one row, whichever of them made the request."""
    accepted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.pair


class Block(models.Model):
    """A user's block of another user, who is not notified."""

    blocker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    blocked = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),)

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"
