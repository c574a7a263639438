"""A call of a slash command, and its note for the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User


@dataclass(frozen=True, slots=True)
class SlashCall:
    """A user's call in a channel, or in the thread of one of its messages. `app`: the number of the user's app."""

    user: User
    app: int
    channel_id: int
    name: str
    arguments: str
    thread_id: int | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class SlashNote:
    """A text for the caller alone. `key` names the text for clients that translate it; empty for nothing to tell."""

    key: str = ""
    text: str = ""
    name: str = ""
    """The user whom the text is about."""
    until: int | None = None
    """Unix milliseconds."""

    def data(self) -> dict[str, Any]:
        """Return the members of a `SlashResult` that are present."""
        data: dict[str, Any] = {"text": self.text}
        if self.key:
            data["note"] = self.key
        if self.name:
            data["name"] = self.name
        return data if self.until is None else data | {"until": self.until}
