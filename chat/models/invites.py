"""Links by which users join groups, and requests to join. Written by `chat.actions.invites` and `join_requests`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chat.models.channel import Channel


class InviteLink(models.Model):
    """A link to join a group, valid for a time and a number of uses. A revoked one is deleted."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="invite_links")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    token_digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token. Its look-up takes the same time for every wrong token."""
    sealed_token = models.TextField()
    """The token, encrypted, so that managers can copy the link again."""
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    """Users who joined by it, and open requests."""
    needs_approval = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.pk} of {self.channel_id}"


def usable_links() -> QuerySet[InviteLink]:
    """Return the links that have not expired and are not used up, of all groups."""
    is_valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return InviteLink.objects.filter(is_valid, Q(max_uses=None) | Q(uses__lt=F("max_uses")))


class JoinRequest(models.Model):
    """A user's open request to join a group. A decision deletes it."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="join_requests", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(InviteLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The link by which they came; None once it is revoked."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["channel", "user"], name="join_request_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.channel_id}"
