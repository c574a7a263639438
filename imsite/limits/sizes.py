"""The limits of sizes and numbers: those that an operator sets, and those that are part of the protocols."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.actions.external_users import EXTERNAL_ID_MAX_LENGTH
from accounts.actions.profile import STATUS_MAX_LENGTH
from accounts.names import GUEST_NAME_MAX_LENGTH, USER_NAME_MAX_LENGTH
from chat import rules
from chat.api.v1.message_shapes import MAX_MESSAGES_PER_CALL, MAX_USERS_PER_MESSAGE
from chat.api.v1.schema import KEY_LIMIT
from chat.attachments.names import MAX_LENGTH as FILE_NAME_MAX_LENGTH
from chat.attachments.quotas import MAX_UNFINISHED
from imsite.options import OPTIONS, Option
from imsite.server.http import MAX_HEAD_BYTES, MAX_HEADER_BYTES
from imsite.server.incoming_messages import MAX_FRAGMENTS
from imsite.server.polling import MAX_BODY_BYTES

_PARTS = ("_MAX_", "_PER_", "_BYTES", "_LENGTH", "_LIMIT", "_CONCURRENCY", "_TIMEOUT", "_MIN_")
_NO_LIMITS = ("IM_LOG_RATE_LIMIT",)

FIXED: tuple[tuple[str, int], ...] = (
    ("Characters of a user name or nickname", USER_NAME_MAX_LENGTH),
    ("Characters of a guest's name", GUEST_NAME_MAX_LENGTH),
    ("Characters of a user's status", STATUS_MAX_LENGTH),
    ("Characters of an external user's id", EXTERNAL_ID_MAX_LENGTH),
    ("Characters of a group's name", rules.MAX_CHANNEL_NAME_LENGTH),
    ("Characters of a group's topic", rules.MAX_TOPIC_LENGTH),
    ("Characters of a group's description", rules.MAX_DESCRIPTION_LENGTH),
    ("Characters of the reason for a mute, ban or report", rules.MAX_REASON_LENGTH),
    ("Characters of a `clientMsgId`", rules.MAX_CLIENT_ID_LENGTH),
    ("Characters of an `Idempotency-Key`", KEY_LIMIT),
    ("Characters of a file's name", FILE_NAME_MAX_LENGTH),
    ("Unfinished uploads of a user", MAX_UNFINISHED),
    ("Users to whom one call of `messages/` sends", MAX_USERS_PER_MESSAGE),
    ("Messages in one call of `messages/bulk/`", MAX_MESSAGES_PER_CALL),
    ("Bytes of the head of an HTTP request", MAX_HEAD_BYTES),
    ("Bytes of one header", MAX_HEADER_BYTES),
    ("Bytes of the body of a polling call", MAX_BODY_BYTES),
    ("Fragments of a WebSocket message", MAX_FRAGMENTS),
)
"""Limits that clients, columns or parsers rely on, so no option changes them."""


def size_options() -> Iterator[Option]:
    """Yield the options that limit a size, a number or a time, by name."""
    for option in sorted(OPTIONS, key=lambda option: option.name):
        is_number = isinstance(option.production, int | float) and not isinstance(option.production, bool)
        if is_number and option.name not in _NO_LIMITS and any(part in option.name for part in _PARTS):
            yield option
