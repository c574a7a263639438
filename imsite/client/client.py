"""The client for programs with an event loop: HTTP calls, and connections that receive pushes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from . import calls
from .connection import HEARTBEAT_SECONDS, MAX_WAITING_PUSHES, ClientConnection
from .downloads import Download
from .errors import Refused
from .files import FileSource, open_content
from .listening import DEFAULT_APP, connection_to
from .message_methods import MessageMethods
from .types import Attachment, OutgoingMessage, Recipient, SendResult, new_idempotency_key
from .uploads import KeptUploads, Upload

TIMEOUT_SECONDS = 20.0
RETRY_SECONDS = 30.0


class Client(MessageMethods):
    """Sends messages, reads presence and listens: `async with Client("https://im.example", token="…") as im`.

    Idempotent calls are retried with pauses of up to `retry_seconds` in total. `send` is idempotent: it creates a key.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = TIMEOUT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._retry_seconds = retry_seconds
        self._kept_uploads = KeptUploads()
        self._http = httpx.AsyncClient(
            base_url=self._url, headers=auth_headers(token), timeout=timeout, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(
        self,
        text: str,
        *,
        to: Recipient,
        files: Sequence[FileSource] = (),
        thread: str | None = None,
        also_to_channel: bool = False,
        idempotency_key: str | None = None,
        as_user: str | None = None,
        transient: bool = False,
    ) -> list[SendResult]:
        """Send a message. Returns one result for each destination, once the message is stored there.

        `files` are uploaded first; a message with files has one destination and is not sent `as_user`. `thread` is the
        id of the message whose thread it answers in; `also_to_channel` shows the answer in the channel as well. After
        Unreachable, a repetition with the same `idempotency_key` uploads only files that are not uploaded yet.
        """
        uploaded = self._kept_uploads.begin(idempotency_key)
        for place, file in enumerate(files):
            if place not in uploaded:
                # Of two sends at once with one key, both send what was uploaded first.
                uploaded.setdefault(place, await self.upload(file))
        attachments = tuple(uploaded[place] for place in range(len(files)))
        key = idempotency_key or new_idempotency_key()
        message = OutgoingMessage(text, to, key, as_user, transient, thread, also_to_channel, attachments)
        try:
            body = await self._request(calls.send_call(message))
        except Refused as error:
            if not error.is_transient:
                self._kept_uploads.end(idempotency_key)
            raise
        self._kept_uploads.end(idempotency_key)
        return calls.send_results(body)

    async def send_many(self, messages: Sequence[OutgoingMessage]) -> list[list[SendResult] | Refused]:
        """Send up to 1,000 messages in one call. Returns one result for each message in their order."""
        return calls.send_many_results(await self._request(calls.send_many_call(messages)))

    async def upload(self, file: FileSource) -> Attachment:
        """Upload a file, to be sent within a day as one of the `attachments` of a message.

        An interrupted upload is resumed. Raises Refused, and OSError if the file cannot be read.
        """
        with open_content(file) as content:
            upload = Upload(content)
            while upload.attachment is None:
                call = await asyncio.to_thread(upload.next_call)
                try:
                    upload.handle_result(await self._request(call))
                except Refused as error:
                    upload.handle_refusal(error)
        return upload.attachment

    async def download(self, attachment: Attachment) -> bytes:
        """Return the content of a file. Raises Refused if the message or the right to read it is gone."""
        content = BytesIO()
        await self.download_to(attachment, content)
        return content.getvalue()

    async def download_to(self, attachment: Attachment, target: BinaryIO) -> None:
        """Write the content of a file into a binary file object, which must be seekable. Raises like `download`."""
        download = Download(attachment, target)
        policy = calls.RetryPolicy(download.next_call(), self._retry_seconds)
        while True:
            try:
                async with self._http.stream(**download.next_call().arguments()) as response:
                    pause = policy.after_response(response)
                    if pause is None:
                        download.begin_response(response)
                        async for piece in response.aiter_bytes():
                            download.write(piece)
                        return
            except httpx.TransportError as error:
                pause = policy.after_error(error)
            await asyncio.sleep(pause)

    async def schedule(
        self,
        text: str,
        *,
        to: Recipient,
        at: datetime,
        thread: str | None = None,
        also_to_channel: bool = False,
        attachments: Sequence[Attachment] = (),
        idempotency_key: str | None = None,
    ) -> str:
        """Have a message sent at a later time to one destination. Returns the id to cancel it by.

        `attachments` are files from `upload`; the other arguments are those of `send`. A message that is refused when
        it is due is kept and listed with the reason.
        """
        key = idempotency_key or new_idempotency_key()
        message = OutgoingMessage(text, to, key, None, False, thread, also_to_channel, attachments)
        return str((await self._request(calls.schedule_call(message, at)))["id"])

    async def scheduled(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of scheduled messages, the next one first: `results`, and `next`.

        `next` is the `cursor` of the next page, or None at the end.
        """
        page: dict[str, Any] = await self._request(calls.scheduled_call(limit, cursor))
        return page

    async def cancel_scheduled(self, id: str) -> None:
        """Cancel a scheduled message. Raises Refused if it does not exist any more."""
        await self._request(calls.cancel_scheduled_call(id))

    async def forward(
        self,
        id: str,
        *,
        to: Recipient,
        files: Iterable[Attachment] = (),
        idempotency_key: str | None = None,
        as_user: str | None = None,
    ) -> list[SendResult]:
        """Forward a message, or only these files of it. Returns one result for each destination, as `send` does."""
        key = idempotency_key or new_idempotency_key()
        return calls.send_results(await self._request(calls.forward_call(id, to, files, key, as_user)))

    async def react(self, id: str, emoji: str, *, as_user: str | None = None) -> int:
        """Add a reaction to a message. Returns how many users have chosen the emoji now."""
        return int((await self._request(calls.reaction_call("PUT", id, emoji, as_user)))["count"])

    async def unreact(self, id: str, emoji: str, *, as_user: str | None = None) -> int:
        """Remove a reaction from a message. Returns how many users still have the emoji chosen."""
        return int((await self._request(calls.reaction_call("DELETE", id, emoji, as_user)))["count"])

    async def save(self, id: str) -> None:
        """Save a message for later. Nobody else knows of it."""
        await self._request(calls.save_call("PUT", id))

    async def unsave(self, id: str) -> None:
        """Remove a message from the saved ones. Raises Refused if it is not one of them."""
        await self._request(calls.save_call("DELETE", id))

    async def saved(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of saved messages that can be read now: `results`, the last saved one first, and `next`.

        `next` is the `cursor` of the next page, or None at the end.
        """
        page: dict[str, Any] = await self._request(calls.saved_call(limit, cursor))
        return page

    async def online(self, names: Iterable[str], *, app: int | None = None) -> dict[str, bool]:
        """Return for each of these users (up to 1,000) whether they are online, on one app or on any."""
        online: dict[str, bool] = (await self._request(calls.presence_call(names, app)))["online"]
        return online

    async def is_online(self, name: str, *, app: int | None = None) -> bool:
        """Return whether a user is online, on one app or on any."""
        return (await self.online([name], app=app)).get(name, False)

    async def status(self, id: str) -> dict[str, Any]:
        """Return the status of a message: stored, delivered to how many connections, read by whom."""
        status: dict[str, Any] = await self._request(calls.status_call(id))
        return status

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Make any call below `/api/v1/` and return its JSON. An `idempotency_key` makes a write safe to retry."""
        return await self._request(
            calls.generic_call(method, path, json=json, params=params, idempotency_key=idempotency_key)
        )

    def listen(
        self,
        *,
        app: int = DEFAULT_APP,
        name: str | None = None,
        token: str | None = None,
        after: int | None = None,
        activity: bool = False,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        max_waiting_pushes: int = MAX_WAITING_PUSHES,
    ) -> ClientConnection:
        """Return a connection that reconnects by itself: `async with im.listen() as connection`.

        It logs in with `token`, by default the client's; without a token, as a guest called `name`, if the site allows
        guests. `after` is the position to continue from. `activity` asks for pushes of what others are doing, such as
        `typing`. `heartbeat_seconds` is the time between heartbeats, each of
        which advances the position. Past `max_waiting_pushes`, waiting pushes are replaced by one `reset`.
        """
        return connection_to(
            self._url,
            self._token if token is None else token,
            app=app,
            name=name,
            after=after,
            activity=activity,
            heartbeat_seconds=heartbeat_seconds,
            max_waiting_pushes=max_waiting_pushes,
        )

    async def _request(self, call: calls.Call) -> Any:
        policy = calls.RetryPolicy(call, self._retry_seconds)
        while True:
            try:
                response = await self._http.request(**call.arguments())
            except httpx.TransportError as error:
                pause: float | None = policy.after_error(error)
            else:
                pause = policy.after_response(response)
                if pause is None:
                    return calls.result(response)
            await asyncio.sleep(pause or 0.0)


def auth_headers(token: str) -> dict[str, str]:
    """Return the headers that authenticate HTTP calls; none without a token."""
    return {"Authorization": f"Token {token}"} if token else {}
