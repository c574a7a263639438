"""A client that polls: the JSON protocol over HTTP calls, as the part of a socket that `Client` needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx

from tests.support.asgi_calls import Application, Request, ask
from tests.support.waiting import TIMEOUT_SECONDS

JSON = "application/json"
Answer = tuple[int, dict[str, Any]]
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Answer]]
"""Makes a call: the last part of its path with the query string, body, headers."""


def in_process(application: Application, path: str = "/acc", **request: Any) -> Post:
    """Make calls to an application of this process, as requests with these further properties."""

    async def post(action: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        made = Request(f"{path}/polling/{action}", "POST", body, headers, **request)
        response = await ask(application, made)
        return response.status, json.loads(response.body)

    return post


def over_http(client: httpx.AsyncClient, *urls: str, path: str = "/acc", host: str = "") -> Post:
    """Make calls to the sites at these URLs, in turn. `host`: the URL that all believe to have."""
    number = 0
    same = {"Host": host.partition("://")[2]} if host else {}

    async def post(action: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        nonlocal number
        number += 1
        url = f"{urls[number % len(urls)]}{path}/polling/{action}"
        response = await client.post(url, content=body, headers={**headers, **same}, timeout=TIMEOUT_SECONDS)
        return response.status_code, response.json()

    return post


class PollingCaller:
    """Makes the calls of one connection, one by one."""

    def __init__(self, post: Post, **headers: str) -> None:
        self.post = post
        self.headers = {"Content-Type": JSON, **headers}
        self.connection = "new"

    async def call(self, action: str, body: Any = None, **headers: str) -> Answer:
        """Make a call; `headers` replace others. Return its status and body."""
        sent = {"X-Polling-Connection": self.connection, **self.headers, **headers}
        return await self.post(action, json.dumps(body or {}).encode(), sent)

    async def open(self, query: str = "") -> Answer:
        status, body = await self.call(f"open{query}")
        self.connection = body.get("connection", self.connection)
        return status, body

    async def poll(self, after: int = 0, **headers: str) -> Answer:
        return await self.call("poll", {"after": after}, **headers)

    async def send(self, first: int, *frames: Any, **headers: str) -> Answer:
        """Send frames, of which `first` is the number of the first one. Texts are sent as they are."""
        texts = [frame if isinstance(frame, str) else json.dumps(frame) for frame in frames]
        return await self.call("send", {"first": first, "frames": texts}, **headers)

    async def log_in(self, token: str) -> dict[str, Any]:
        """Log in with the first frame; return the answer to the poll that brings the reply."""
        login = {"seq": "login", "cmd": "login", "data": {"appId": 101, "serviceToken": token}}
        assert await self.send(1, login) == (200, {"last": 1})
        _, answer = await self.poll()
        assert '"code":200' in answer["frames"][0], answer
        return answer


class PollingSocket:
    """A connection that polls until it ends."""

    def __init__(self, caller: PollingCaller) -> None:
        self._caller = caller
        self._sent = 0
        self._sending = asyncio.Lock()
        self._poll: asyncio.Task[Answer] | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self.transport = self

    @classmethod
    async def open(cls, post: Post, query: str = "", **headers: str) -> PollingSocket:
        caller = PollingCaller(post, **headers)
        status, body = await caller.open(query)
        assert status == 200, (status, body)
        return cls(caller)

    async def send(self, frame: str | bytes) -> None:
        async with self._sending:
            status, body = await self._caller.send(self._sent + 1, frame if isinstance(frame, str) else frame.decode())
            assert status == 200, (status, body)
            self._sent = body["last"]

    async def __aiter__(self) -> AsyncIterator[str]:
        after = 0
        while self.close_code is None:
            self._poll = asyncio.ensure_future(self._caller.poll(after))
            try:
                status, body = await self._poll
            except asyncio.CancelledError:
                return
            if status != 200:
                self.close_code = self.close_code or 1006
                return
            for frame in body["frames"]:
                yield frame
            after = body["last"]
            if "code" in body:
                self.close_code, self.close_reason = body["code"], body["closeReason"]

    async def close(self) -> None:
        if self.close_code is None:
            self.close_code = 1000
            await self._caller.call("close")

    def abort(self) -> None:
        """Poll no more, like a lost network."""
        self.close_code = 1006
        if self._poll is not None:
            self._poll.cancel()
