"""Who is online, on which app. In one process: plain memory. Costs per connect and disconnect, nothing in between."""

from __future__ import annotations

from typing import Protocol


class Presence(Protocol):
    """Counts connections of persons on apps."""

    def connect(self, person: int, name: str, app: int) -> bool:
        """Count a connection; True if it is the person's first on that app."""

    def disconnect(self, person: int, app: int) -> bool:
        """Take one away; True if it was the person's last on that app."""

    def online(self, person: int, app: int | None = None) -> bool:
        """Whether the person has a connection, on `app` or on any."""

    def count(self, app: int) -> int:
        """How many persons are online on `app`."""

    def persons(self, app: int) -> dict[int, str]:
        """Everyone online on `app`: id to name."""

    def named(self, name: str, app: int | None = None) -> list[int]:
        """Everyone online who bears exactly this name (guests may share one)."""
