"""What is allowed, as pure functions of values: no query, no clock, no settings. They raise ChatError."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from accounts.names import BadName, check_name, is_storable
from chat import reasons
from chat.account_errors import chat_error
from chat.errors import ChatError

CHANNEL_NAME_LIMIT = 64
CLIENT_ID_LIMIT = 64
REASON_LIMIT = 200
MAX_SLOW_MODE_SECONDS = 86400
"""Seconds: once a day is the slowest."""
MAX_BYTES_PER_CHARACTER = 4
"""What one character of UTF-8 takes at most."""
MEMBERS_IN_NAME = 4
"""Members that name a group without a name."""
_RANK = {"member": 0, "admin": 1, "owner": 2}


def check_text(text: str, *, limit: int) -> str:
    """The message's text with line ends as `\\n`. Refused: blank, over `limit` characters, the NUL character."""
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise ChatError(reasons.MESSAGE_EMPTY, field="msg")
    if "\0" in text:
        raise ChatError(reasons.MESSAGE_CHARACTER, field="msg")
    if len(text) > limit:
        raise ChatError(reasons.MESSAGE_TOO_LONG, limit=limit)
    return text


def check_content(content: bytes, *, limit: int) -> str:
    """A picture or a voice as it is kept: Base64. Refused: nothing, or more than `limit` bytes."""
    if not content:
        raise ChatError(reasons.MESSAGE_EMPTY, field="content")
    if len(content) > limit:
        raise ChatError(reasons.ATTACHMENT_TOO_LARGE, limit=limit)
    return base64.b64encode(content).decode()


def check_channel_name(name: str) -> str:
    """A group's name; empty means: called by its members."""
    if not name:
        return ""
    try:
        return check_name(name, limit=CHANNEL_NAME_LIMIT)
    except BadName as error:
        raise chat_error(error, field="name") from error


def check_client_id(client_id: str | None) -> str | None:
    if client_id is None or client_id == "":
        return None
    if len(client_id) > CLIENT_ID_LIMIT or not client_id.isprintable():
        raise ChatError(reasons.CLIENT_ID_INVALID, limit=CLIENT_ID_LIMIT, field="clientMsgId")
    return client_id


def check_reason(reason: str) -> str:
    """Why somebody is restricted or a message reported: one line, shown to people; may be empty."""
    reason = " ".join(reason.split())
    if not is_storable(reason) or len(reason) > REASON_LIMIT:
        raise ChatError(reasons.REASON_TOO_LONG, limit=REASON_LIMIT, field="reason")
    return reason


def name_from_members(nicknames: Sequence[str], count: int) -> str:
    """What a group without a name is called: its first members, and how many more."""
    named = ", ".join(nicknames[:MEMBERS_IN_NAME])
    rest = count - min(len(nicknames), MEMBERS_IN_NAME)
    return (f"{named} +{rest}" if rest > 0 else named)[:CHANNEL_NAME_LIMIT]


def private_route(pair: str | None) -> dict[str, list[int]]:
    """The header by which the entries of a private channel travel to its two people; nothing for other channels."""
    return {"route": list(pair_user_ids(pair))} if pair else {}


def pair_user_ids(pair: str | None) -> tuple[int, ...]:
    """The two people of a private channel; nobody for other channels."""
    return tuple(int(person) for person in pair.split(":")) if pair else ()


def reads_everything(join: str, history: str) -> bool:
    """Whether a member reads what was said before they came, and between two stays: where anyone may join anyway."""
    return join == "open" or history == "all"


def outranks(actor: str, other: str) -> bool:
    return _RANK[actor] > _RANK[other]


def require_manager(role: str | None) -> None:
    """Owners and admins manage a group."""
    if role not in ("owner", "admin"):
        raise ChatError(reasons.MANAGER_REQUIRED)


def require_open_channel(closed: bool) -> None:
    if closed:
        raise ChatError(reasons.CHANNEL_CLOSED)


def muted_error(until: datetime | None) -> ChatError:
    """Return the refusal for a muted user. Its `until` is in Unix ms; None: until the mute is lifted."""
    when = None if until is None else int(until.timestamp() * 1000)
    return ChatError(reasons.MUTED, until=when)


def may_invite(join: str, role: str) -> bool:
    """Anyone invites to an open or invite-only group; owners and admins add to a closed one."""
    return join != "closed" or role in ("owner", "admin")


def unread_count(*, last_seq: int, read_seq: int | None, from_seq: int, purged_seq: int = 0) -> int:
    """Messages after the read position, from the numbers alone; somebody who never marked has read up to joining.

    What retention has cut nobody owes.
    """
    return max(0, last_seq - max(read_seq or 0, from_seq - 1, purged_seq))


Ranges = list[tuple[int, int | None]]
"""Numbers of a channel that somebody may read: (first, last or None for no end), both included."""

EVERYTHING: Ranges = [(1, None)]


def is_readable(ranges: Ranges, seq: int) -> bool:
    return any(first <= seq and (last is None or seq <= last) for first, last in ranges)
