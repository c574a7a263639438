"""Excerpts of conversations for operators: a channel's newest messages, its pins, and the context of a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.template.loader import render_to_string

from chat.models import Channel, Message, Pin

MAX_NEWEST = 20
CONTEXT_SIZE = 3
"""Messages shown before and after a message."""


def newest_messages(channel: Channel) -> list[Message]:
    """Return the channel's last messages, oldest first."""
    rows = Message.objects.filter(channel=channel).select_related("sender").order_by("-seq")
    return list(rows[:MAX_NEWEST])[::-1]


def pinned_messages(channel: Channel) -> list[Message]:
    """Return the channel's pinned messages, the last pinned first."""
    pins = Pin.objects.filter(channel=channel).select_related("message__sender").order_by("-pinned_at", "-pk")
    return [pin.message for pin in pins]


def message_contexts(messages: Sequence[Message]) -> dict[int, list[Message]]:
    """Return, by message id, each message with those just before and after it. Makes one query for all of them."""
    wanted = {(message.channel_id, seq) for message in messages for seq in _context_range(message.seq)}
    channels, seqs = {channel for channel, _ in wanted}, {seq for _, seq in wanted}
    rows = Message.objects.filter(channel__in=channels, seq__in=seqs).select_related("sender").order_by("seq")
    by_place = {(row.channel_id, row.seq): row for row in rows}
    return {
        message.pk: [
            by_place[message.channel_id, seq]
            for seq in _context_range(message.seq)
            if (message.channel_id, seq) in by_place
        ]
        for message in messages
    }


def _context_range(seq: int) -> range:
    return range(seq - CONTEXT_SIZE, seq + CONTEXT_SIZE + 1)


def render_timeline(messages: Iterable[Message], *, highlighted: int | None = None, list_url: str = "") -> str:
    """Return the messages as HTML, one of them highlighted; `list_url` links to all messages."""
    context = {"messages": messages, "highlighted": highlighted, "list_url": list_url}
    return render_to_string("admin/chat/timeline.html", context)
