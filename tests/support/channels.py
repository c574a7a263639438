"""Channels as users see them by `channel.*`: keys of replies and pushes, and short calls."""

from __future__ import annotations

from typing import Any

from tests.support.shared_site import UserClient

ABSENT_CHANNEL = "999999999"
"""An id that no channel has."""
CHANNEL_KEYS = {
    *(
        "target",
        "kind",
        "name",
        "join",
        "listed",
        "closed",
        "role",
        "lastSeq",
        "readSeq",
        "unread",
        "mentions",
        "activeAt",
    ),
    *("history", "announcementsOnly", "slowMode", "linkPreviews"),
}
NOTE_KEYS = {"target", "note", "by", "who", "value", "seq", "time", "position"}


async def members_of(client: UserClient, group: str) -> dict[str, str]:
    """Return the members' roles by user name."""
    reply = await client.call("channel.members", target=group)
    return {member["userId"]: member["role"] for member in reply["members"]}


async def next_note(client: UserClient, kind: str) -> dict[str, Any]:
    """Wait for the next note of that kind, check its keys, and return it."""
    push = await client.push("channel.note", note=kind)
    assert set(push.data) == NOTE_KEYS and push.text == "Ok"
    return dict(push.data)


def channel_of(target: str, channels: list[dict[str, Any]]) -> dict[str, Any]:
    return next(item for item in channels if item["target"] == target)


async def listed_channel(client: UserClient, target: str) -> dict[str, Any]:
    """Return the channel as it is in the user's `channel.list`."""
    return channel_of(target, (await client.call("channel.list"))["channels"])
