"""A client of the JSON protocol, for tests: `await alice.call("message.send", msg="hi")`, `await bob.push("msg")`."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support import conformance, log_secrets
from tests.support.waiting import TIMEOUT_SECONDS


@dataclass(frozen=True)
class Envelope:
    """One reply or push as received."""

    seq: str
    cmd: str
    code: int
    text: str
    data: Any
    reason: str | None = None
    """The key of a refusal."""


class Refused(AssertionError):
    """The reply to `call` has a code other than 200."""

    def __init__(self, envelope: Envelope) -> None:
        super().__init__(f"{envelope.cmd}: {envelope.code} {envelope.reason} {envelope.data}")
        self.code = envelope.code
        self.envelope = envelope


class Closed(AssertionError):
    """The server closed the connection while the test waited for a frame."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}")
        self.code = code


class Client:
    """One connection.

    Replies are matched to requests by `seq`; other frames wait in `inbox` until the test takes them.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Envelope]] = {}
        self._news = asyncio.Event()
        self.inbox: list[Envelope] = []
        """Pushes, and replies that no request waits for, in order of arrival."""
        self.received: list[Envelope] = []
        """All envelopes ever received, in order."""
        self.frames: list[str] = []
        """All frames ever received, as raw text."""
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls, url: str, *, origin: str | None = None, cookie: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Client:
        """Open a connection. Raises `websockets.exceptions.InvalidStatus` if the handshake is refused."""
        extra = dict(headers or {})
        if origin is not None:
            extra["Origin"] = origin
        if cookie is not None:
            extra["Cookie"] = cookie
            log_secrets.note(cookie.rpartition("=")[2])
        socket = await connect(
            url,
            additional_headers=extra,
            compression=None,
            max_size=None,
            proxy=None,
            open_timeout=TIMEOUT_SECONDS,
            ping_interval=None,
        )
        return cls(socket)

    async def login_guest(self, name: str, *, app: int = 101, after: int | None = None) -> dict[str, Any]:
        return await self._login({"appId": app, "userId": name}, after)

    async def login_token(self, token: str, *, app: int = 101, after: int | None = None) -> dict[str, Any]:
        return await self._login({"appId": app, "serviceToken": token}, after)

    async def _login(self, data: dict[str, Any], after: int | None) -> dict[str, Any]:
        if after is not None:
            data["after"] = after
        reply: dict[str, Any] = await self.call("login", data)
        return reply

    async def call(self, cmd: str, data: Mapping[str, Any] | None = None, /, **fields: Any) -> Any:
        """Send a request and return its reply's data. Raises Refused if the code is not 200."""
        envelope = await self.request(cmd, data, **fields)
        if envelope.code != 200:
            raise Refused(envelope)
        return envelope.data

    async def request(self, cmd: str, data: Mapping[str, Any] | None = None, /, **fields: Any) -> Envelope:
        """Send a request and return its reply, whatever its code."""
        return await asyncio.wait_for(await self.post(cmd, data, **fields), TIMEOUT_SECONDS)

    async def post(self, cmd: str, data: Mapping[str, Any] | None = None, /, **fields: Any) -> asyncio.Future[Envelope]:
        """Send a request without waiting. The future returns its reply, or raises Closed."""
        seq = f"c{next(self._numbers)}"
        reply = asyncio.get_running_loop().create_future()
        self._waiting[seq] = reply
        await self.send({"seq": seq, "cmd": cmd, "data": {**(data or {}), **fields}})
        return reply

    async def send(self, frame: Mapping[str, Any] | str | bytes) -> None:
        """Send a frame unchanged: text as a text frame, bytes as a binary one."""
        log_secrets.note_request(frame)
        try:
            await self._socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        except ConnectionClosed:
            raise self._closed_error() from None

    async def push(
        self, cmd: str | None = None, where: Callable[[Any], bool] | None = None, /, **data: Any
    ) -> Envelope:
        """Wait for the first push of that command with these values, for which `where` is true, and take it out."""

        def fits(envelope: Envelope) -> bool:
            if cmd is not None and envelope.cmd != cmd:
                return False
            if data and not (isinstance(envelope.data, dict) and data.items() <= envelope.data.items()):
                return False
            return where is None or where(envelope.data)

        return await self.take(fits)

    async def reply(self, seq: str) -> Envelope:
        """Wait for the reply to a frame sent by `send`, with this `seq` (`""` if the server could not read one)."""
        return await self.take(lambda envelope: envelope.seq == seq)

    async def take(self, fits: Callable[[Envelope], bool]) -> Envelope:
        """Wait for the first envelope in the inbox that fits, and take it out."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                for index, envelope in enumerate(self.inbox):
                    if fits(envelope):
                        return self.inbox.pop(index)
                if self._reader.done():
                    raise self._closed_error()
                self._news.clear()
                await self._news.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds. It is checked whenever a frame arrives."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not condition():
                if self._reader.done():
                    raise self._closed_error()
                self._news.clear()
                await self._news.wait()

    async def settle(self) -> list[Envelope]:
        """Wait for all frames that the server has sent so far, by a `ping`. Return the inbox and empty it."""
        await self.request("ping")
        taken, self.inbox = self.inbox, []
        return taken

    async def closed(self) -> int | None:
        """Wait until the server closes the connection; return the close code."""
        await asyncio.wait_for(asyncio.shield(self._reader), TIMEOUT_SECONDS)
        return self._socket.close_code

    @property
    def close_reason(self) -> str:
        """Return the reason that the server sent with its close code."""
        return self._socket.close_reason or ""

    async def close(self) -> None:
        await self._socket.close()
        await self._reader

    async def vanish(self) -> None:
        """Abort the connection without a closing handshake, like a lost network."""
        self._socket.transport.abort()
        await self._reader

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                text = frame if isinstance(frame, str) else frame.decode()
                self.frames.append(text)
                content = json.loads(text)
                for item in content if isinstance(content, list) else [content]:
                    self._accept(item)
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(self._closed_error())
                    reply.exception()  # A caller that no longer waits for it needs no warning.
            self._news.set()

    def _accept(self, item: dict[str, Any]) -> None:
        response = item["response"]
        envelope = Envelope(
            item["seq"], item["cmd"], response["code"], response["codeMsg"], response["data"], response.get("reason")
        )
        self.received.append(envelope)
        reply = self._waiting.pop(envelope.seq, None)
        if reply is None:
            self.inbox.append(envelope)
        elif not reply.done():
            reply.set_result(envelope)
        conformance.check_envelope(envelope.cmd, envelope.data, good=envelope.code == 200, asked=reply is not None)
        conformance.check_refusal(envelope.cmd, envelope.code, envelope.reason)

    def _closed_error(self) -> Closed:
        return Closed(self._socket.close_code, self._socket.close_reason or "")
