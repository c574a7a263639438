"""Builds the data of replies and events from rows: one function per object of `chat.wire.schema`.

Ids are decimal strings, times Unix milliseconds.
"""

from __future__ import annotations

from chat.payloads.changes import (
    attachments_removed,
    edited,
    edited_text,
    expired,
    note,
    pinned,
    previewed,
    push_data,
    reacted,
    recalled,
    restriction,
    thread_mark,
)
from chat.payloads.channels import channel
from chat.payloads.invites import invitation, invite, join_request
from chat.payloads.messages import (
    ORIGIN_CHANNEL_FIELDS,
    MessageFields,
    SenderFields,
    attachment,
    forward_origin,
    link_preview,
    mention,
    message,
    message_with_details,
    pin,
    plain_text,
    removed_attachment,
    thread,
)
from chat.payloads.times import milliseconds
from chat.payloads.users import PRESENCE_TEXTS, person, profile

__all__ = [
    "ORIGIN_CHANNEL_FIELDS",
    "PRESENCE_TEXTS",
    "MessageFields",
    "SenderFields",
    "attachment",
    "attachments_removed",
    "channel",
    "edited",
    "edited_text",
    "expired",
    "forward_origin",
    "invitation",
    "invite",
    "join_request",
    "link_preview",
    "mention",
    "message",
    "message_with_details",
    "milliseconds",
    "note",
    "person",
    "pin",
    "pinned",
    "plain_text",
    "previewed",
    "profile",
    "push_data",
    "reacted",
    "recalled",
    "removed_attachment",
    "restriction",
    "thread",
    "thread_mark",
]
