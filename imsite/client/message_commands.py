"""The commands of `/acc` about messages, for connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .types import Attachment, SendResult, milliseconds, new_idempotency_key, thread_and_files


class MessageCommands(ABC):
    """Sends messages and reactions with the commands of the protocol."""

    @abstractmethod
    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send a command and return its reply's data."""

    @abstractmethod
    def _mark_delivered(self, position: int) -> None:
        """Note that the program knows the event at this position."""

    async def send(
        self,
        text: str,
        *,
        target: str | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
        also_to_channel: bool = False,
        attachments: Iterable[Attachment] = (),
        idempotency_key: str | None = None,
    ) -> SendResult:
        """Send a text to a channel, by default the app's global channel. Returns once the message is stored.

        `thread` is the id of the message whose thread it answers in; `also_to_channel` shows the answer in the channel
        as well. `attachments` are files from `Client.upload`. Retries under one idempotency key, over as many
        connections as necessary. Raises Refused.
        """
        optional = {"target": target, "replyTo": reply_to}
        fields = {name: value for name, value in optional.items() if value is not None}
        stored = await self.call(
            "message.send",
            retry=True,
            type="text",
            msg=text,
            clientMsgId=idempotency_key or new_idempotency_key(),
            **fields,
            **thread_and_files(thread, also_to_channel, attachments),
        )
        result = SendResult.from_json(stored)
        self._mark_delivered(result.position)
        return result

    async def schedule(
        self,
        text: str,
        *,
        at: datetime,
        target: str | None = None,
        thread: str | None = None,
        also_to_channel: bool = False,
        attachments: Iterable[Attachment] = (),
        idempotency_key: str | None = None,
    ) -> str:
        """Have a text sent at a later time; the other arguments are those of `send`. Returns the id to cancel it by.

        Raises Refused. A message that is refused when it is due is kept and listed with the reason.
        """
        later = await self.call(
            "message.schedule",
            retry=True,
            msg=text,
            at=milliseconds(at),
            clientMsgId=idempotency_key or new_idempotency_key(),
            **({} if target is None else {"target": target}),
            **thread_and_files(thread, also_to_channel, attachments),
        )
        return str(later["id"])

    async def scheduled(self, *, skip: int = 0) -> dict[str, Any]:
        """Return a page of scheduled messages, the next one first: `messages`, and `hasMore`."""
        return dict(await self.call("scheduled.list", retry=True, skip=skip))

    async def cancel_scheduled(self, id: str) -> None:
        """Cancel a scheduled message. Raises Refused if it does not exist any more."""
        await self.call("scheduled.cancel", id=id)

    async def forward(
        self,
        id: str,
        *,
        target: str,
        to: str | None = None,
        files: Iterable[Attachment] = (),
        idempotency_key: str | None = None,
    ) -> SendResult:
        """Forward a message of the channel `target` to the channel `to`, by default the app's global channel.

        `files`: only these files of it. Retries like `send`. Raises Refused.
        """
        stored = await self.call(
            "message.forward",
            retry=True,
            target=target,
            id=id,
            attachments=[file.id for file in files],
            clientMsgId=idempotency_key or new_idempotency_key(),
            **({} if to is None else {"to": to}),
        )
        result = SendResult.from_json(stored)
        self._mark_delivered(result.position)
        return result

    async def react(self, id: str, emoji: str, *, target: str) -> int:
        """Add a reaction to a message of the channel `target`. Returns how many users have chosen the emoji now."""
        return await self._change_reaction("message.react", id, emoji, target)

    async def unreact(self, id: str, emoji: str, *, target: str) -> int:
        """Remove a reaction. Returns how many users still have the emoji chosen."""
        return await self._change_reaction("message.unreact", id, emoji, target)

    async def save(self, id: str, *, target: str) -> None:
        """Save a message of the channel `target` for later. Nobody else knows of it."""
        await self.call("saved.add", retry=True, target=target, id=id)

    async def unsave(self, id: str) -> None:
        """Remove a message from the saved ones. Nothing changes if it is not one of them."""
        await self.call("saved.remove", retry=True, id=id)

    async def saved(self, *, limit: int = 20, before: str | None = None) -> dict[str, Any]:
        """Return a page of saved messages that can be read now: `messages`, the last saved one first, and `next`.

        `next` is the `before` of the next page, or None at the end.
        """
        fields = {} if before is None else {"before": before}
        return dict(await self.call("saved.list", retry=True, limit=limit, **fields))

    async def readers(self, id: str, *, target: str) -> list[str]:
        """Return the user names of the first 100 members who have read the user's own message in `target`."""
        page = await self.call("message.readers", retry=True, target=target, id=id)
        return [str(person["userId"]) for person in page["readers"]]

    async def run_slash_command(
        self, text: str, *, target: str, thread: str | None = None, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Call a slash command, such as `/invite @bob`, in the channel `target`. Returns what it says to you alone.

        `text` of the result is empty if there is nothing to say. With `runId`, a service has been asked. Its
        answer for you comes as a push `slash.answer`, one for everyone as a message. Raises Refused, also for an
        unknown command.
        """
        fields = {} if thread is None else {"threadId": thread}
        key = idempotency_key or new_idempotency_key()
        done = await self.call("slash.run", retry=True, target=target, text=text, clientMsgId=key, **fields)
        return dict(done)

    async def _change_reaction(self, cmd: str, id: str, emoji: str, target: str) -> int:
        return int((await self.call(cmd, retry=True, target=target, id=id, emoji=emoji))["count"])
