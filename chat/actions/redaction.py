"""Changes the stored events of a message with the message, so that a replay does not return an earlier text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chat.wire.schema.events import MESSAGE, MESSAGE_EDITED, MESSAGE_PREVIEWED
from delivery import log

_FIELDS = {
    kind.name: frozenset(kind.data.__struct_encode_fields__) for kind in (MESSAGE, MESSAGE_EDITED, MESSAGE_PREVIEWED)
}
"""The fields of those events that contain a message's text or previews. No other event about a message has them."""


def messages_redact(changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Update the events of messages, by message id, with those changes that are fields of the event."""
    log.redact(changes, _FIELDS)
