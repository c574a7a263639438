"""The commands of `/acc` that change messages after they were sent, or before, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from .types import Attachment, SendResult, milliseconds


class ChangeCommands(ABC):
    """Changes messages of the channel `target`, and scheduled ones. All raise Refused."""

    @abstractmethod
    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send a command and return its reply's data."""

    @abstractmethod
    def _mark_delivered(self, position: int) -> None:
        """Note that the program knows the event at this position."""

    async def edit(self, id: str, text: str, *, target: str) -> None:
        """Replace the text of the user's own message."""
        await self.call("message.edit", retry=True, target=target, id=id, msg=text)

    async def recall(self, id: str, *, target: str) -> None:
        """Recall the user's own message, or any message of a group that they manage. Its number stays, empty."""
        await self.call("message.recall", retry=True, target=target, id=id)

    async def remove_file(self, id: str, file: Attachment | str, *, target: str) -> None:
        """Remove a file, or the one with this id, from a message that the user may recall. The message names it still.

        A file that has been removed before is no error.
        """
        file_id = file.id if isinstance(file, Attachment) else file
        await self.call("attachment.remove", retry=True, target=target, id=id, attachment=file_id)

    async def remove_preview(self, id: str, preview: str, *, target: str) -> None:
        """Remove the link preview with the id `preview` from a message."""
        await self.call("message.remove_preview", retry=True, target=target, id=id, previewId=preview)

    async def pin(self, id: str, *, target: str) -> None:
        """Pin a message for all members."""
        await self.call("message.pin", retry=True, target=target, id=id)

    async def unpin(self, id: str, *, target: str) -> None:
        """Unpin a message."""
        await self.call("message.unpin", retry=True, target=target, id=id)

    async def report(self, id: str, *, target: str, reason: str = "") -> None:
        """Report a message to the moderators. Nobody else hears of it."""
        await self.call("message.report", retry=True, target=target, id=id, reason=reason)

    async def edit_scheduled(self, id: str, *, text: str | None = None, at: datetime | None = None) -> dict[str, Any]:
        """Replace the text or the time of a scheduled message and return it. None leaves a value as it is."""
        given = {"msg": text, "at": None if at is None else milliseconds(at)}
        fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return dict(await self.call("scheduled.edit", retry=True, id=id, **fields))

    async def send_scheduled(self, id: str) -> SendResult:
        """Send a scheduled message now. If it is refused, it stays as it was."""
        result = SendResult.from_json(await self.call("scheduled.send", id=id))
        self._mark_delivered(result.position)
        return result
