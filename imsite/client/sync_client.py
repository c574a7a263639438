"""The client for programs without an event loop."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpx

from . import calls
from .client import RETRY_SECONDS, TIMEOUT_SECONDS, auth_headers
from .connection import HEARTBEAT_SECONDS, MAX_WAITING_PUSHES
from .downloads import Download
from .errors import Refused
from .files import FileSource, open_content
from .listening import DEFAULT_APP, connection_to
from .message_methods import SyncMessageMethods
from .sync_connection import SyncConnection
from .types import Attachment, OutgoingMessage, Recipient, SendResult, new_idempotency_key
from .uploads import KeptUploads, Upload

ADDRESS_TIMEOUT_SECONDS = 5.0
"""Seconds to connect to one address of the site's host."""


class SyncClient(SyncMessageMethods):
    """The methods of `Client`, without asyncio: `with SyncClient("https://im.example", token="…") as im`."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = TIMEOUT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._retry_seconds = retry_seconds
        self._kept_uploads = KeptUploads()
        self._http = httpx.Client(
            base_url=self._url,
            headers=auth_headers(token),
            # The addresses of a host are tried one after the other.
            timeout=httpx.Timeout(timeout, connect=min(timeout, ADDRESS_TIMEOUT_SECONDS)),
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(
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
        """See `Client.send`."""
        uploaded = self._kept_uploads.begin(idempotency_key)
        for place, file in enumerate(files):
            if place not in uploaded:
                # Of two sends at once with one key, both send what was uploaded first.
                uploaded.setdefault(place, self.upload(file))
        attachments = tuple(uploaded[place] for place in range(len(files)))
        key = idempotency_key or new_idempotency_key()
        message = OutgoingMessage(text, to, key, as_user, transient, thread, also_to_channel, attachments)
        try:
            body = self._request(calls.send_call(message))
        except Refused as error:
            if not error.is_transient:
                self._kept_uploads.end(idempotency_key)
            raise
        self._kept_uploads.end(idempotency_key)
        return calls.send_results(body)

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[list[SendResult] | Refused]:
        """See `Client.send_many`."""
        return calls.send_many_results(self._request(calls.send_many_call(messages)))

    def upload(self, file: FileSource) -> Attachment:
        """See `Client.upload`."""
        with open_content(file) as content:
            upload = Upload(content)
            while upload.attachment is None:
                call = upload.next_call()
                try:
                    upload.handle_result(self._request(call))
                except Refused as error:
                    upload.handle_refusal(error)
        return upload.attachment

    def download(self, attachment: Attachment) -> bytes:
        """See `Client.download`."""
        content = BytesIO()
        self.download_to(attachment, content)
        return content.getvalue()

    def download_to(self, attachment: Attachment, target: BinaryIO) -> None:
        """See `Client.download_to`."""
        download = Download(attachment, target)
        policy = calls.RetryPolicy(download.next_call(), self._retry_seconds)
        while True:
            try:
                with self._http.stream(**download.next_call().arguments()) as response:
                    pause = policy.after_response(response)
                    if pause is None:
                        download.begin_response(response)
                        for piece in response.iter_bytes():
                            download.write(piece)
                        return
            except httpx.TransportError as error:
                pause = policy.after_error(error)
            time.sleep(pause)

    def react(self, id: str, emoji: str, *, as_user: str | None = None) -> int:
        """See `Client.react`."""
        return int((self._request(calls.reaction_call("PUT", id, emoji, as_user)))["count"])

    def unreact(self, id: str, emoji: str, *, as_user: str | None = None) -> int:
        """See `Client.unreact`."""
        return int((self._request(calls.reaction_call("DELETE", id, emoji, as_user)))["count"])

    def save(self, id: str) -> None:
        """See `Client.save`."""
        self._request(calls.save_call("PUT", id))

    def unsave(self, id: str) -> None:
        """See `Client.unsave`."""
        self._request(calls.save_call("DELETE", id))

    def saved(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """See `Client.saved`."""
        page: dict[str, Any] = self._request(calls.saved_call(limit, cursor))
        return page

    def online(self, names: Iterable[str], *, app: int | None = None) -> dict[str, bool]:
        """See `Client.online`."""
        online: dict[str, bool] = self._request(calls.presence_call(names, app))["online"]
        return online

    def is_online(self, name: str, *, app: int | None = None) -> bool:
        """See `Client.is_online`."""
        return self.online([name], app=app).get(name, False)

    def status(self, id: str) -> dict[str, Any]:
        """See `Client.status`."""
        status: dict[str, Any] = self._request(calls.status_call(id))
        return status

    def schedule(
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
        """See `Client.schedule`."""
        key = idempotency_key or new_idempotency_key()
        message = OutgoingMessage(text, to, key, None, False, thread, also_to_channel, attachments)
        return str((self._request(calls.schedule_call(message, at)))["id"])

    def scheduled(self, *, limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
        """See `Client.scheduled`."""
        page: dict[str, Any] = self._request(calls.scheduled_call(limit, cursor))
        return page

    def cancel_scheduled(self, id: str) -> None:
        """See `Client.cancel_scheduled`."""
        self._request(calls.cancel_scheduled_call(id))

    def forward(
        self,
        id: str,
        *,
        to: Recipient,
        files: Iterable[Attachment] = (),
        idempotency_key: str | None = None,
        as_user: str | None = None,
    ) -> list[SendResult]:
        """See `Client.forward`."""
        key = idempotency_key or new_idempotency_key()
        return calls.send_results(self._request(calls.forward_call(id, to, files, key, as_user)))

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """See `Client.call`."""
        return self._request(
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
    ) -> SyncConnection:
        """Return a connection that reconnects by itself: `with im.listen() as connection`. See `Client.listen`."""
        connection = connection_to(
            self._url,
            self._token if token is None else token,
            app=app,
            name=name,
            after=after,
            activity=activity,
            heartbeat_seconds=heartbeat_seconds,
            max_waiting_pushes=max_waiting_pushes,
        )
        return SyncConnection(connection)

    def _request(self, call: calls.Call) -> Any:
        policy = calls.RetryPolicy(call, self._retry_seconds)
        while True:
            try:
                response = self._http.request(**call.arguments())
            except httpx.TransportError as error:
                pause: float | None = policy.after_error(error)
            else:
                pause = policy.after_response(response)
                if pause is None:
                    return calls.result(response)
            time.sleep(pause or 0.0)
