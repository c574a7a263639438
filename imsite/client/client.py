"""The client for programs with an event loop: HTTP calls, and connections that receive pushes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from imsite.client import calls
from imsite.client.connection import HEARTBEAT_SECONDS, MAX_WAITING_PUSHES, ClientConnection
from imsite.client.errors import Refused
from imsite.client.types import OutgoingMessage, Recipient, SendResult, new_idempotency_key

TIMEOUT_SECONDS = 20.0
RETRY_SECONDS = 30.0
DEFAULT_APP = 101


class Client:
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
        idempotency_key: str | None = None,
        as_user: str | None = None,
        transient: bool = False,
    ) -> list[SendResult]:
        """Send a message. Returns one result for each destination, once the message is stored there."""
        message = OutgoingMessage(text, to, idempotency_key or new_idempotency_key(), as_user, transient)
        return calls.send_results(await self._request(calls.send_call(message)))

    async def send_many(self, messages: Sequence[OutgoingMessage]) -> list[list[SendResult] | Refused]:
        """Send up to 1,000 messages in one call. Returns one result for each message in their order."""
        return calls.send_many_results(await self._request(calls.send_many_call(messages)))

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
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        max_waiting_pushes: int = MAX_WAITING_PUSHES,
    ) -> ClientConnection:
        """Return a connection that reconnects by itself: `async with im.listen() as connection`.

        It logs in with `token`, by default the client's; without a token, as a guest called `name`, if the site allows
        guests. `after` is the position to continue from. `heartbeat_seconds` is the time between heartbeats, each of
        which advances the position. Past `max_waiting_pushes`, waiting pushes are replaced by one `reset`.
        """
        token = self._token if token is None else token
        credentials: dict[str, Any] = {"appId": app}
        if token:
            credentials["serviceToken"] = token
        if name is not None:
            credentials["userId"] = name
        url = f"ws{self._url.removeprefix('http')}/acc?batch=1"
        return ClientConnection(
            url, credentials, after=after, heartbeat_seconds=heartbeat_seconds, max_waiting_pushes=max_waiting_pushes
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
