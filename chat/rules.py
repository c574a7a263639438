"""Pure rules: no queries, clock or settings. Checks raise ChatError with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from accounts.joiners import cut
from accounts.names import BadName, check_name, is_storable
from accounts.visible_text import has_visible_text
from chat import reasons
from chat.account_errors import chat_error
from chat.errors import ChatError

MAX_CHANNEL_NAME_LENGTH = 64
MAX_TOPIC_LENGTH = 250
MAX_DESCRIPTION_LENGTH = 500
MAX_CLIENT_ID_LENGTH = 64
MAX_REASON_LENGTH = 200
MAX_SLOW_MODE_SECONDS = 86400
"""One message a day."""
MAX_BYTES_PER_CHARACTER = 4
"""Bytes of the longest UTF-8 encoding of a character."""
MEMBERS_IN_NAME = 4
"""Members whose nicknames form the display name of a group without a name."""
TYPES_WITH_TEXT = ("text", "file", "action")
"""Types of messages whose text users write. The text of others is their content in Base64."""
_RANK = {"member": 0, "admin": 1, "owner": 2}


def check_text(text: str, *, limit: int) -> str:
    """Return the message's text with line ends as LF.

    Raise ChatError for text without a visible character, for the NUL character, and for more than `limit` characters.
    """
    text = text.replace("\r\n", "\n")
    if not has_visible_text(text):
        raise ChatError(reasons.MESSAGE_EMPTY, field="msg")
    if "\0" in text:
        raise ChatError(reasons.MESSAGE_CHARACTER, field="msg")
    if len(text) > limit:
        raise ChatError(reasons.MESSAGE_TOO_LONG, limit=limit)
    return text


def check_caption(text: str, *, limit: int) -> str:
    """Return the text of a message with attachments as `check_text` does; empty if it shows nothing."""
    return check_text(text, limit=limit) if has_visible_text(text) else ""


def check_files_size(sizes: Iterable[int], *, limit: int) -> None:
    """Raise ChatError ATTACHMENTS_TOO_LARGE if the files of a message have more bytes than the limit; 0: unlimited."""
    if limit and sum(sizes) > limit:
        raise ChatError(reasons.ATTACHMENTS_TOO_LARGE, limit=limit)


def with_file_names(text: str, attachments: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the text, followed by the names of the files, for clients and lists that show only texts."""
    return " ".join([*([text] if text else ()), *(f"[{item['name']}]" for item in attachments or ())])


def with_origin(text: str, origin: Mapping[str, Any]) -> str:
    """Return the text of a forwarded message after the name of its first sender, for clients that show only texts."""
    return f"Forwarded from {origin['name']}:\n{text}"


def action_text(name: str, text: str) -> str:
    """Return the text of a message by `/me` for clients that show only texts, such as `* Alice waves`."""
    return f"* {name} {text}"


def check_content(content: bytes, *, limit: int) -> bytes:
    """Return the content of a picture or voice message.

    Raise ChatError if it is empty, or has more than `limit` bytes.
    """
    if not content:
        raise ChatError(reasons.MESSAGE_EMPTY, field="content")
    if len(content) > limit:
        raise ChatError(reasons.ATTACHMENT_TOO_LARGE, limit=limit)
    return content


def check_channel_name(name: str) -> str:
    """Return a group's name, which may be empty. Raise ChatError for a name that is not safe to display."""
    if not name:
        return ""
    try:
        return check_name(name, limit=MAX_CHANNEL_NAME_LENGTH)
    except BadName as error:
        raise chat_error(error, field="name") from error


def check_topic(topic: str) -> str:
    """Return a group's topic on one line; empty if it shows nothing. Raise ChatError if it is too long."""
    topic = " ".join(topic.split())
    if "\0" in topic or len(topic) > MAX_TOPIC_LENGTH:
        raise ChatError(reasons.TOPIC_TOO_LONG, limit=MAX_TOPIC_LENGTH, field="topic")
    return topic if has_visible_text(topic) else ""


def check_description(text: str) -> str:
    """Return a group's description with line ends as LF; empty if it shows nothing. Raise ChatError if too long."""
    text = text.replace("\r\n", "\n").strip()
    if "\0" in text or len(text) > MAX_DESCRIPTION_LENGTH:
        raise ChatError(reasons.DESCRIPTION_TOO_LONG, limit=MAX_DESCRIPTION_LENGTH, field="description")
    return text if has_visible_text(text) else ""


def check_client_id(client_id: str | None) -> str | None:
    """Return a message's idempotency key; None if empty. Raise ChatError if it is too long or not printable."""
    if client_id is None or client_id == "":
        return None
    if len(client_id) > MAX_CLIENT_ID_LENGTH or not client_id.isprintable():
        raise ChatError(reasons.CLIENT_ID_INVALID, limit=MAX_CLIENT_ID_LENGTH, field="clientMsgId")
    return client_id


def check_reason(reason: str) -> str:
    """Return the reason of a restriction or report on one line; it may be empty. Raise ChatError if it is too long."""
    reason = " ".join(reason.split())
    if not is_storable(reason) or len(reason) > MAX_REASON_LENGTH:
        raise ChatError(reasons.REASON_TOO_LONG, limit=MAX_REASON_LENGTH, field="reason")
    return reason


def name_from_members(nicknames: Sequence[str], count: int) -> str:
    """Return the display name of a group without a name: its first members, and the number of the others."""
    named = ", ".join(nicknames[:MEMBERS_IN_NAME])
    rest = count - min(len(nicknames), MEMBERS_IN_NAME)
    return cut(f"{named} +{rest}" if rest > 0 else named, MAX_CHANNEL_NAME_LENGTH)


def private_route(pair: str | None) -> dict[str, list[int]]:
    """Return the event header that routes a private channel's events to its two users; empty for other channels."""
    return {"route": list(pair_user_ids(pair))} if pair else {}


def pair_of(user_id: int, other_id: int) -> str:
    """Return the key of the private channel of two users."""
    return f"{min(user_id, other_id)}:{max(user_id, other_id)}"


@lru_cache(maxsize=20_000)
def pair_user_ids(pair: str | None) -> tuple[int, ...]:
    """Return the ids of a private channel's two users; empty for other channels."""
    return tuple(int(user_id) for user_id in pair.split(":")) if pair else ()


def reads_everything(join: str, history: str) -> bool:
    """Return whether members may read all messages, also from before they joined and between memberships."""
    return join == "open" or history == "all"


def outranks(actor: str, other: str) -> bool:
    """Return whether the first role is above the second."""
    return _RANK[actor] > _RANK[other]


def require_manager(role: str | None) -> None:
    """Raise ChatError MANAGER_REQUIRED unless the role is owner or admin."""
    if role not in ("owner", "admin"):
        raise ChatError(reasons.MANAGER_REQUIRED)


def require_open_channel(closed: bool) -> None:
    """Raise ChatError CHANNEL_CLOSED if the channel is closed."""
    if closed:
        raise ChatError(reasons.CHANNEL_CLOSED)


def muted_error(until: datetime | None) -> ChatError:
    """Return the refusal for a muted user. Its `until` is in Unix ms; None: until the mute is lifted."""
    when = None if until is None else int(until.timestamp() * 1000)
    return ChatError(reasons.MUTED, until=when)


def may_invite(join: str, role: str) -> bool:
    """Return whether a member may add users.

    Any member of an open or invite-only group may, and owners and admins of a closed one.
    """
    return join != "closed" or role in ("owner", "admin")


def read_position(*, mark: int | None, from_seq: int, purged_seq: int = 0) -> int:
    """Return the sequence number up to which a user has nothing left to read.

    A member who never marked a position has read everything from before joining. Purged messages cannot be read.
    """
    return max(mark or 0, from_seq - 1, purged_seq)


def unread_count(*, last_seq: int, read_seq: int | None, from_seq: int, purged_seq: int = 0, uncounted: int = 0) -> int:
    """Return the number of messages after the read position, without the `uncounted` ones among them."""
    return max(0, last_seq - read_position(mark=read_seq, from_seq=from_seq, purged_seq=purged_seq) - uncounted)


Ranges = list[tuple[int, int | None]]
"""Ranges of a channel's sequence numbers that a user may read: (first, last), both included; None: no end."""

EVERYTHING: Ranges = [(1, None)]


def is_readable(ranges: Ranges, seq: int) -> bool:
    """Return whether the ranges include the sequence number."""
    return any(first <= seq and (last is None or seq <= last) for first, last in ranges)


def wants_notification(level: str, *, is_muted: bool, is_mention: bool) -> bool | None:
    """Return whether a user with this notification level in a channel wants to be notified of a message.

    None: the level is `default`, so the setting of the user's device decides. A device whose notifications are off
    shows none in any case. `is_mention`: the message mentions the user, or answers in a thread that they follow.
    """
    if level == "none":
        return False
    if is_mention:
        return True
    if is_muted or level == "mentions":
        return False
    return True if level == "all" else None
