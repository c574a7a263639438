"""Display of times, users and channels in the admin."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.bidi import isolate
from accounts.models import User
from chat.models import Channel


def format_time(milliseconds: int | None) -> str | None:
    """Return Unix milliseconds as a time in the operator's time zone; None if there is none."""
    if not milliseconds:
        return None
    return f"{timezone.localtime(datetime.fromtimestamp(milliseconds / 1000, UTC)):%Y-%m-%d %H:%M:%S}"


def user_link(user: User) -> str:
    """Return a link to the user's page: the nickname, and the unique name if that differs."""
    name = f"guest {user.pk}" if user.is_guest else user.username
    text = user.nickname if user.nickname == name else f"{isolate(user.nickname)} ({isolate(name)})"
    return format_html(
        '<a href="{}" class="text-link">{}</a>', reverse("admin:accounts_user_change", args=(user.pk,)), text
    )


def channel_link(channel: Channel, title: str) -> str:
    """Return a link to the channel's page."""
    return format_html(
        '<a href="{}" class="text-link">{}</a>', reverse("admin:chat_channel_change", args=(channel.pk,)), title
    )


def file_link(key: str, name: str) -> str:
    """Return a link to an attachment. The download decides who gets it, and shows no page of the file's own."""
    return format_html(
        '<a href="/files/{}/{}" class="text-link" target="_blank" rel="noopener noreferrer">{}</a>',
        key,
        quote(name, safe=""),
        isolate(name),
    )
