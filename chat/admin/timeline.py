"""Pieces of conversations, as operators look at them: the end of a channel, what is pinned, what stands around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.template.loader import render_to_string

from chat.models import Channel, Message, Pin

SHOWN = 20
AROUND = 3
"""Messages before and after one that was reported."""


def newest_in(channel: Channel) -> list[Message]:
    """The last messages, in order."""
    rows = Message.objects.filter(channel=channel).select_related("sender").order_by("-seq")
    return list(rows[:SHOWN])[::-1]


def pinned_in(channel: Channel) -> list[Message]:
    """What is pinned, the last first."""
    pins = Pin.objects.filter(channel=channel).select_related("message__sender").order_by("-pinned_at", "-pk")
    return [pin.message for pin in pins]


def around(messages: Sequence[Message]) -> dict[int, list[Message]]:
    """By its id, each of the messages with those just before and after it. In one query, whatever their number."""
    wanted = {(message.channel_id, seq) for message in messages for seq in _near(message.seq)}
    channels, seqs = {channel for channel, _ in wanted}, {seq for _, seq in wanted}
    rows = Message.objects.filter(channel__in=channels, seq__in=seqs).select_related("sender").order_by("seq")
    found = {(row.channel_id, row.seq): row for row in rows}
    return {
        message.pk: [found[message.channel_id, seq] for seq in _near(message.seq) if (message.channel_id, seq) in found]
        for message in messages
    }


def _near(seq: int) -> range:
    return range(seq - AROUND, seq + AROUND + 1)


def timeline(messages: Iterable[Message], *, marked: int | None = None, all_of_it: str = "") -> str:
    """The messages for a page, one of them marked."""
    context = {"messages": messages, "marked": marked, "all_of_it": all_of_it}
    return render_to_string("admin/chat/timeline.html", context)
