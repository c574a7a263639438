"""The users who get mails of what they have missed. Written by `chat.mail_digest`."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class MailDigest(models.Model):
    """A user's wish to get such mails, and what has been mailed; without a row they get none. Times are in Unix ms."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    hours = models.PositiveSmallIntegerField("hours between mails")
    position = models.BigIntegerField()
    """Messages up to this position of the event log have been mailed, or were sent before the user's choice."""
    newest = models.BigIntegerField(default=0)
    """The position of the newest message of which the user may have to hear."""
    due_at = models.BigIntegerField(null=True)
    """When a mail may be due; None: no message waits."""
    sent_at = models.BigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """Times that the mail server has refused the waiting mail for now."""
    failure = models.CharField(max_length=200, blank=True, default="")
    """The mail server's final refusal of the address. No mail is sent until the user chooses anew."""

    class Meta:
        indexes = (models.Index(fields=["due_at"], name="mail_digest_due"),)

    def __str__(self) -> str:
        return str(self.pk)
