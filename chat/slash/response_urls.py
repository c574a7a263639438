"""Response URLs: a service answers a call by them later, for some time and a number of times, on any node."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import F

from chat import reasons
from chat.errors import ChatError
from chat.models import SlashRun

PATH = "/hooks/slash-"
"""Below the paths of incoming webhooks, which appear in no log."""
_SALT = "chat.slash.response"


def response_url(run: SlashRun) -> str:
    """Return the URL by which this call is answered. Without IM_SITE_URL it is a path on the site."""
    return f"{settings.IM_SITE_URL}{PATH}{TimestampSigner(salt=_SALT).sign(str(run.pk))}/"


def claim_response(token: str) -> SlashRun:
    """Return the call that the token of a URL belongs to, and count the use.

    Raise ChatError SLASH_RESPONSE_NOT_FOUND if it is forged or expired, was used too often, or its command is disabled.
    """
    try:
        run_id = TimestampSigner(salt=_SALT).unsign(token, max_age=settings.IM_SLASH_RESPONSE_SECONDS)
    except BadSignature:
        raise ChatError(reasons.SLASH_RESPONSE_NOT_FOUND) from None
    found = SlashRun.objects.filter(pk=int(run_id), command__enabled=True)
    if not found.filter(responses__lt=settings.IM_SLASH_MAX_RESPONSES).update(responses=F("responses") + 1):
        raise ChatError(reasons.SLASH_RESPONSE_NOT_FOUND)
    return found.select_related("command__bot").get()
