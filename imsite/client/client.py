"""The client's two faces: `Client` for programs with an event loop, `SyncClient` for those without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from imsite.client import calls
from imsite.client.connection import BACKLOG, HEARTBEAT, ClientConnection
from imsite.client.errors import Refused
from imsite.client.types import Draft, Sent, To, new_key

TIMEOUT = 20.0
PATIENCE = 30.0
DEFAULT_APP = 101


class Client:
    """Sends, asks who is online, and listens: `async with Client("https://im.example", token="…") as im`.

    A call that may be repeated safely is, for up to `patience` seconds. `send` always may: it makes its own key.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=self._url, headers=_headers(token), timeout=timeout, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(
        self, text: str, *, to: To, key: str | None = None, speak_as: str | None = None, transient: bool = False
    ) -> list[Sent]:
        """Send a message; returns what became of it in each place it was for, once it is stored there."""
        draft = Draft(text, to, key or new_key(), speak_as, transient)
        return calls.sent(await self._answer(calls.send(draft)))

    async def send_many(self, drafts: Sequence[Draft]) -> list[list[Sent] | Refused]:
        """Send up to 1,000 messages in one call; one result for each, in their order."""
        return calls.sent_many(await self._answer(calls.send_many(drafts)))

    async def online(self, names: Iterable[str], *, app: int | None = None) -> dict[str, bool]:
        """Who of these (up to 1,000) is online, on that app or on any."""
        answer: dict[str, bool] = (await self._answer(calls.online(names, app)))["online"]
        return answer

    async def is_online(self, name: str, *, app: int | None = None) -> bool:
        return (await self.online([name], app=app)).get(name, False)

    async def status(self, id: str) -> dict[str, Any]:
        """What became of a message: stored, delivered to how many connections, read by whom."""
        answer: dict[str, Any] = await self._answer(calls.status(id))
        return answer

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Any:
        """Any call below `/api/v1/`; `key` makes one that changes something happen once, and so safe to repeat."""
        return await self._answer(calls.any_call(method, path, json=json, params=params, key=key))

    def listen(
        self,
        *,
        app: int = DEFAULT_APP,
        name: str | None = None,
        token: str | None = None,
        after: int | None = None,
        heartbeat: float = HEARTBEAT,
        backlog: int = BACKLOG,
    ) -> ClientConnection:
        """A connection to `/acc` that comes back by itself: `async with im.listen() as line: async for push in line`.

        As whom the client's token is for, or `token`; with neither, as a guest of that `name` where guests may come.
        `after`: the position to go on from. `heartbeat`: seconds between signs of life, after each of which the
        position moves. `backlog`: pushes that may wait to be taken.
        """
        token = self._token if token is None else token
        credentials: dict[str, Any] = {"appId": app}
        if token:
            credentials["serviceToken"] = token
        if name is not None:
            credentials["userId"] = name
        url = f"ws{self._url.removeprefix('http')}/acc?batch=1"
        return ClientConnection(url, credentials, after=after, heartbeat=heartbeat, backlog=backlog)

    async def _answer(self, call: calls.Call) -> Any:
        attempts = calls.Attempts(call, self._patience)
        while True:
            try:
                response = await self._http.request(**call.arguments())
            except httpx.TransportError as error:
                pause: float | None = attempts.after_fault(error)
            else:
                pause = attempts.after(response)
                if pause is None:
                    return calls.result(response)
            await asyncio.sleep(pause or 0.0)


class SyncClient:
    """The calls of Client for programs without an event loop; to listen takes one."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience = patience
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=_headers(token), timeout=timeout, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(
        self, text: str, *, to: To, key: str | None = None, speak_as: str | None = None, transient: bool = False
    ) -> list[Sent]:
        draft = Draft(text, to, key or new_key(), speak_as, transient)
        return calls.sent(self._answer(calls.send(draft)))

    def send_many(self, drafts: Sequence[Draft]) -> list[list[Sent] | Refused]:
        return calls.sent_many(self._answer(calls.send_many(drafts)))

    def online(self, names: Iterable[str], *, app: int | None = None) -> dict[str, bool]:
        answer: dict[str, bool] = self._answer(calls.online(names, app))["online"]
        return answer

    def is_online(self, name: str, *, app: int | None = None) -> bool:
        return self.online([name], app=app).get(name, False)

    def status(self, id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._answer(calls.status(id))
        return answer

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Any:
        return self._answer(calls.any_call(method, path, json=json, params=params, key=key))

    def _answer(self, call: calls.Call) -> Any:
        attempts = calls.Attempts(call, self._patience)
        while True:
            try:
                response = self._http.request(**call.arguments())
            except httpx.TransportError as error:
                pause: float | None = attempts.after_fault(error)
            else:
                pause = attempts.after(response)
                if pause is None:
                    return calls.result(response)
            time.sleep(pause or 0.0)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Token {token}"} if token else {}
