"""Writes the mail of what a user has missed, in their language and time zone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.joiners import cut
from accounts.models import User
from accounts.time_zones import known_time_zones
from chat import payloads, rules
from chat.mail_digest.actions import unsubscribe_token
from chat.mail_digest.missed import Missed
from chat.models import Channel, Message

MAX_SHOWN = 20
"""Messages that a mail lists."""
MAX_TEXT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Line:
    """A message in the mail. `text` and `place` are empty for a site whose mails have no content."""

    sender: str
    place: str
    text: str
    time: datetime
    url: str
    is_mention: bool


def digest_mail(user: User, missed: Missed) -> EmailMultiAlternatives:
    """Return the mail, as plain text and HTML, with the headers of a one-click unsubscription (RFC 8058)."""
    count = len(missed.messages)
    unsubscribe = settings.IM_SITE_URL + reverse("mail-digest-end", args=[unsubscribe_token(user)])
    with _as_read_by(user):
        shown = [_line(message, is_mention=message.pk in missed.mentions) for message in missed.messages[-MAX_SHOWN:]]
        subject = ngettext("%(count)d unread message", "%(count)d unread messages", count) % {"count": count}
        context = {
            "name": user.nickname,
            "count": count,
            "lines": shown,
            "more": count - len(shown),
            "site": settings.IM_SITE_URL,
            "unsubscribe": unsubscribe,
            "content": settings.IM_MAIL_DIGEST_CONTENT,
            "language": translation.get_language(),
        }
        text = render_to_string("chat/mail/digest.txt", context)
        html = render_to_string("chat/mail/digest.html", context)
    host = urlsplit(settings.IM_SITE_URL).hostname or "localhost"
    headers = {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<digest.{user.pk}.{missed.position}@{host}>",
    }
    mail = EmailMultiAlternatives(f"{subject} · imsite", text, to=[user.email or ""], headers=headers)
    mail.attach_alternative(html, "text/html")
    return mail


@contextlib.contextmanager
def _as_read_by(user: User) -> Iterator[None]:
    language = user.language or settings.LANGUAGE_CODE
    zone = ZoneInfo(user.time_zone) if user.time_zone in known_time_zones() else timezone.get_default_timezone()
    with translation.override(language), timezone.override(zone):
        yield


def _line(message: Message, *, is_mention: bool) -> Line:
    channel = message.channel
    # A global channel belongs to an app, which its address names.
    app = f"?appId={channel.app.number}" if channel.app is not None else ""
    has_content = settings.IM_MAIL_DIGEST_CONTENT
    is_direct = channel.kind == Channel.Kind.PRIVATE
    return Line(
        sender=(message.shown_as or message.sender.nickname) if has_content else _("A user"),
        place=channel.name if has_content and not is_direct else "",
        text=_text(message) if has_content else "",
        time=datetime.fromtimestamp(message.time / 1000, UTC),
        url=f"{settings.IM_SITE_URL}/{app}#{channel.pk}/{message.seq}",
        is_mention=is_mention,
    )


def _text(message: Message) -> str:
    text = payloads.plain_text(message)
    if message.type == "action":
        text = rules.action_text(message.shown_as or message.sender.nickname, text)
    return text if len(text) <= MAX_TEXT_LENGTH else f"{cut(text, MAX_TEXT_LENGTH)}…"
