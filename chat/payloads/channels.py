"""Builds the data of channels."""

from __future__ import annotations

from typing import Any

from chat.payloads.times import milliseconds
from chat.payloads.users import profile
from chat.selectors import NEVER_ENDS, ChannelSummary


def channel(item: ChannelSummary) -> dict[str, Any]:
    """Return a `Channel`."""
    channel = item.channel
    data = {
        "target": str(channel.pk),
        "kind": channel.kind,
        "name": item.name,
        "join": channel.join,
        "listed": channel.listed,
        "closed": channel.closed,
        "history": channel.history,
        "announcementsOnly": channel.announcements_only,
        "slowMode": channel.slow_mode,
        "linkPreviews": channel.shows_link_previews,
        "role": item.role,
        "lastSeq": channel.last_seq,
        "readSeq": item.read_seq,
        "unread": item.unread,
        "mentions": item.mentions,
        "activeAt": channel.active_at,
    }
    data |= {field: text for field in ("topic", "description", "picture") if (text := getattr(channel, field))}
    if channel.app is not None:
        data["appId"] = channel.app.number
    if item.peer is not None:
        data["peer"] = profile(item.peer)
        data["peerReadSeq"] = item.peer_read
    if channel.kind == channel.Kind.PUBLIC:
        data["memberCount"] = item.members
    if item.notifications is not None and not item.notifications.is_default:
        data["notifications"] = item.notifications.choice
    if item.muted_until is not None:
        data["muted"] = {} if item.muted_until == NEVER_ENDS else {"until": milliseconds(item.muted_until)}
    if item.join_requests:
        data["joinRequests"] = item.join_requests
    if item.starred:
        data["starred"] = True
    return data
