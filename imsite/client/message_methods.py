"""HTTP calls about messages that exist already, for both clients. Each calls what its name says in `calls`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from . import calls
from .types import Attachment, SendResult


class MessageMethods(ABC):
    """Reads and changes messages for `Client`. `as_user`: in this user's name, if the token permits it.

    Pages of lists have `results` and `next`, the `cursor` of the next page, or None at the end. All raise Refused.
    """

    @abstractmethod
    async def _request(self, call: calls.Call) -> Any:
        """Make the call, with retries, and return its JSON."""

    async def message(self, id: str) -> dict[str, Any]:
        """Return a message as the API documentation describes it."""
        return dict(await self._request(calls.message_call(id)))

    async def history(
        self,
        channel: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Return a page of a channel in ascending order: the newest, or those beyond `before` or `after`.

        These are sequence numbers. The page also has the system `notes` between its messages.
        """
        return dict(await self._request(calls.history_call(channel, before, after, limit, cursor)))

    async def search(
        self, question: str, *, channel: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return a page of messages that contain all words of `question`, newest first.

        It may have operators, such as `has:file from:alice`. `channel`: in this channel only.
        """
        return dict(await self._request(calls.search_call(question, channel, limit, cursor)))

    async def mentions(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of messages that mention the user of the token, newest first."""
        return dict(await self._request(calls.list_call("mentions/", limit, cursor)))

    async def edit(self, id: str, text: str, *, as_user: str | None = None) -> dict[str, Any]:
        """Replace the text of an own message and return it."""
        return dict(await self._request(calls.edit_call(id, text, as_user)))

    async def recall(self, id: str, *, as_user: str | None = None) -> None:
        """Recall an own message, or any message of a group that the user manages. Its number stays, empty."""
        await self._request(calls.remove_call(id, "", as_user))

    async def remove_file(self, id: str, file: Attachment | str, *, as_user: str | None = None) -> None:
        """Remove a file, or the one with this id, from a message. The message names it still."""
        await self._request(calls.remove_call(id, calls.file_part(file), as_user))

    async def remove_preview(self, id: str, preview: str, *, as_user: str | None = None) -> None:
        """Remove the link preview with the id `preview` from a message."""
        await self._request(calls.remove_call(id, calls.preview_part(preview), as_user))

    async def edit_scheduled(self, id: str, *, text: str | None = None, at: datetime | None = None) -> dict[str, Any]:
        """Replace the text or the time of a scheduled message and return it. None leaves a value as it is."""
        return dict(await self._request(calls.edit_scheduled_call(id, text, at)))

    async def send_scheduled(self, id: str) -> SendResult:
        """Send a scheduled message now. If it is refused, it stays as it was."""
        return SendResult.from_json(await self._request(calls.send_scheduled_call(id)))


class SyncMessageMethods(ABC):
    """Reads and changes messages for `SyncClient`, as `MessageMethods` does."""

    @abstractmethod
    def _request(self, call: calls.Call) -> Any:
        """Make the call, with retries, and return its JSON."""

    def message(self, id: str) -> dict[str, Any]:
        """See `Client.message`."""
        return dict(self._request(calls.message_call(id)))

    def history(
        self,
        channel: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """See `Client.history`."""
        return dict(self._request(calls.history_call(channel, before, after, limit, cursor)))

    def search(
        self, question: str, *, channel: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> dict[str, Any]:
        """See `Client.search`."""
        return dict(self._request(calls.search_call(question, channel, limit, cursor)))

    def mentions(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """See `Client.mentions`."""
        return dict(self._request(calls.list_call("mentions/", limit, cursor)))

    def edit(self, id: str, text: str, *, as_user: str | None = None) -> dict[str, Any]:
        """See `Client.edit`."""
        return dict(self._request(calls.edit_call(id, text, as_user)))

    def recall(self, id: str, *, as_user: str | None = None) -> None:
        """See `Client.recall`."""
        self._request(calls.remove_call(id, "", as_user))

    def remove_file(self, id: str, file: Attachment | str, *, as_user: str | None = None) -> None:
        """See `Client.remove_file`."""
        self._request(calls.remove_call(id, calls.file_part(file), as_user))

    def remove_preview(self, id: str, preview: str, *, as_user: str | None = None) -> None:
        """See `Client.remove_preview`."""
        self._request(calls.remove_call(id, calls.preview_part(preview), as_user))

    def edit_scheduled(self, id: str, *, text: str | None = None, at: datetime | None = None) -> dict[str, Any]:
        """See `Client.edit_scheduled`."""
        return dict(self._request(calls.edit_scheduled_call(id, text, at)))

    def send_scheduled(self, id: str) -> SendResult:
        """See `Client.send_scheduled`."""
        return SendResult.from_json(self._request(calls.send_scheduled_call(id)))
