"""What people are to each other. Written only by `accounts.actions`."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.user import User


class Friendship(models.Model):
    """One asked the other to be friends; from `accepted` on they are."""

    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pair = models.CharField(max_length=48, unique=True, editable=False)
    """`<smaller id>:<greater id>`: whoever asks first, there is one."""
    accepted = models.BooleanField(default=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.pair


class Block(models.Model):
    """One wants to hear nothing more from the other, who is not told."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    blocked = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["by", "blocked"], name="block_once"),)

    def __str__(self) -> str:
        return f"{self.by_id} blocks {self.blocked_id}"
