"""Channels as users see them through `channel.*`: keys of replies and pushes, and short ways to ask."""

from __future__ import annotations

from typing import Any

from tests.support.shared_site import UserClient

ABSENT_CHANNEL = "999999999"
"""No channel has this id."""
CHANNEL_KEYS = {
    *("target", "kind", "name", "join", "listed", "closed", "role", "lastSeq", "readSeq", "unread", "activeAt"),
    *("history", "announcementsOnly", "slowMode"),
}
NOTE_KEYS = {"target", "note", "by", "who", "value", "seq", "time", "position"}


async def members_of(person: UserClient, group: str) -> dict[str, str]:
    """User name to role."""
    reply = await person.call("channel.members", target=group)
    return {member["userId"]: member["role"] for member in reply["members"]}


async def next_note(person: UserClient, kind: str) -> dict[str, Any]:
    """The next note of that kind, with its keys checked."""
    push = await person.push("channel.note", note=kind)
    assert set(push.data) == NOTE_KEYS and push.text == "Ok"
    return dict(push.data)


def channel_of(target: str, channels: list[dict[str, Any]]) -> dict[str, Any]:
    return next(item for item in channels if item["target"] == target)


async def listed_channel(person: UserClient, target: str) -> dict[str, Any]:
    """The channel as the person's list has it."""
    return channel_of(target, (await person.call("channel.list"))["channels"])
