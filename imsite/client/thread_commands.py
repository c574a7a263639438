"""The commands of `/acc` about threads, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class ThreadCommands(ABC):
    """Reads and follows threads. `thread` is the id of the message that a thread answers, in the channel `target`."""

    @abstractmethod
    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send a command and return its reply's data."""

    async def thread_history(
        self, thread: str, *, target: str, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """Return a page of answers in ascending order, the newest without `before` or `after` (sequence numbers).

        The page has `messages`, `hasMore`, and `root`, the message that they answer, if it still exists.
        """
        given = {"before": before, "after": after}
        fields = {name: value for name, value in given.items() if value is not None}
        data: dict[str, Any] = {"target": target, "threadId": thread, "limit": limit, **fields}
        return dict(await self.call("thread.history", retry=True, **data))

    async def threads(self, *, limit: int = 50, before: int | None = None) -> dict[str, Any]:
        """Return a page of threads that the user follows, the one with the newest event first.

        The page has `threads` and `hasMore`; `before` is the position of the last thread of the previous page.
        """
        fields = {} if before is None else {"before": before}
        return dict(await self.call("thread.list", retry=True, limit=limit, **fields))

    async def follow_thread(self, thread: str, *, target: str) -> None:
        """Follow a thread that has answers."""
        await self.call("thread.follow", retry=True, target=target, threadId=thread)

    async def unfollow_thread(self, thread: str, *, target: str) -> None:
        """Stop following a thread, until the user answers in it or is mentioned in it."""
        await self.call("thread.unfollow", retry=True, target=target, threadId=thread)

    async def mark_thread_read(self, thread: str, seq: int, *, target: str) -> None:
        """Mark the answers up to the sequence number `seq` as read, in a thread that the user follows."""
        await self.call("thread.mark", retry=True, target=target, threadId=thread, seq=seq)
