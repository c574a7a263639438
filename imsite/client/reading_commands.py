"""The commands of `/acc` that read messages and move read positions, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class ReadingCommands(ABC):
    """Reads, searches and marks messages. Messages are returned as the protocol page describes them."""

    @abstractmethod
    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send a command and return its reply's data."""

    async def message(self, id: str, *, target: str) -> dict[str, Any]:
        """Return a message of the channel `target`. Raises Refused."""
        return dict(await self.call("message.get", retry=True, target=target, id=id))

    async def history(
        self, target: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Return a page of a channel in ascending order, the newest without `before` or `after` (sequence numbers).

        The page has `messages`, the system `notes` among them, and `hasMore`.
        """
        given = {"before": before, "after": after}
        fields = {name: value for name, value in given.items() if value is not None}
        data: dict[str, Any] = {"target": target, "limit": limit, **fields}
        return dict(await self.call("message.history", retry=True, **data))

    async def pins(self, target: str) -> dict[str, Any]:
        """Return the pinned `messages` of a channel, the most recently pinned first, and `hasMore`."""
        return dict(await self.call("message.pins", retry=True, target=target))

    async def search(
        self, question: str, *, target: str | None = None, before: str | None = None, limit: int = 20
    ) -> dict[str, Any]:
        """Return a page of messages that contain all words of `question`, newest first: `messages` and `next`.

        `question` may have operators, such as `has:file from:alice`. `target`: in this channel only. `next` is the
        `before` of the next page, or None at the end. A page may be empty although there are more.
        """
        given = {"target": target, "before": before}
        fields = {name: value for name, value in given.items() if value is not None}
        data: dict[str, Any] = {"q": question, "limit": limit, **fields}
        return dict(await self.call("message.search", retry=True, **data))

    async def mentions(self, *, before: str | None = None, limit: int = 20) -> dict[str, Any]:
        """Return a page of messages that mention the user, in the form of `search`."""
        fields = {} if before is None else {"before": before}
        return dict(await self.call("mention.list", retry=True, limit=limit, **fields))

    async def saved_ids(self, *, before: str | None = None) -> dict[str, Any]:
        """Return the `ids` of saved messages, the last saved one first, and `next`, the `before` of the next page."""
        fields = {} if before is None else {"before": before}
        return dict(await self.call("saved.ids", retry=True, **fields))

    async def mark_read(self, seq: int, *, target: str) -> None:
        """Mark the messages of a channel up to the sequence number `seq` as read."""
        await self.call("read.mark", retry=True, target=target, seq=seq)

    async def mark_unread(self, seq: int, *, target: str) -> None:
        """Mark the messages of a channel from the sequence number `seq` on as unread. Nobody else hears of it."""
        await self.call("read.unmark", retry=True, target=target, seq=seq)
