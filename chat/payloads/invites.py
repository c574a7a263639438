"""Builds the data of invite links and requests to join."""

from __future__ import annotations

from typing import Any

from chat.models import InviteLink, JoinRequest
from chat.payloads.times import milliseconds
from chat.payloads.users import person


def invite(row: InviteLink, token: str | None) -> dict[str, Any]:
    """Return an `Invite`. `token`: None if it cannot be decrypted any more."""
    data: dict[str, Any] = {
        "id": str(row.pk),
        "target": str(row.channel_id),
        "by": person(row.created_by),
        "time": milliseconds(row.created_at),
        "uses": row.uses,
        "needsApproval": row.needs_approval,
    }
    if token is not None:
        data["token"] = token
    if row.expires_at is not None:
        data["expiresAt"] = milliseconds(row.expires_at)
    if row.max_uses is not None:
        data["maxUses"] = row.max_uses
    return data


def join_request(row: JoinRequest) -> dict[str, Any]:
    """Return a `JoinRequest`."""
    return {"id": str(row.pk), "who": person(row.user), "time": milliseconds(row.created_at)}


def invitation(row: InviteLink, *, members: int, is_member: bool, has_requested: bool) -> dict[str, Any]:
    """Return an `Invitation`. `members`: their number."""
    if is_member:
        state = "member"
    elif has_requested:
        state = "requested"
    else:
        state = "approval" if row.needs_approval else "open"
    channel = row.channel
    texts = {field: text for field in ("topic", "description", "picture") if (text := getattr(channel, field))}
    return {
        "target": str(channel.pk),
        "name": channel.name,
        "memberCount": members,
        "by": person(row.created_by),
        "state": state,
    } | texts
