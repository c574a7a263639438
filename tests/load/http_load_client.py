"""A minimal HTTP/1.1 client for load tests: callers on persistent connections, each waiting for its answer."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

UNIQUE = b"0" * 24
"""Stands in a request for a number of the same length that is different in each repetition."""
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_numbers = itertools.count(1)


@dataclass
class Calls:
    """The answers to some callers: their number, those that were not as expected, and the seconds of each."""

    answers: int = 0
    wrong: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


class Caller(asyncio.Protocol):
    """One connection. It sends the next request when the answer to the last has come, until `stop`."""

    def __init__(self, request: bytes, expected: bytes, calls: Calls) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._expected, self._calls = request, expected, calls
        self._has_number = UNIQUE in request
        self._buffer = b""
        self._stopping = False
        self._sent_at = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n") + 4
        if head_end < 4:
            return
        length = _LENGTH.search(self._buffer, 0, head_end)
        # An answer without a length comes in chunks.
        if len(self._buffer) < head_end + int(length[1]) if length else not self._buffer.endswith(b"0\r\n\r\n"):
            return
        self._calls.answers += 1
        self._calls.latencies.append(time.perf_counter() - self._sent_at)
        if self._expected not in self._buffer:
            self._calls.wrong.append(self._buffer[:500])
        self._buffer = b""
        if self._stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._stopping:
            self._calls.wrong.append(b"the connection was closed")
        if not self.ended.done():
            self.ended.set_result(None)

    def stop(self) -> None:
        """Close the connection after the next answer."""
        self._stopping = True

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        sent = self._request.replace(UNIQUE, b"%024d" % next(_numbers)) if self._has_number else self._request
        self._transport.write(sent)


def request(port: int, method: str, path: str, *, token: str = "", body: bytes = b"", is_form: bool = False) -> bytes:
    """Return a request as bytes, with the headers that usual HTTP libraries send."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "User-Agent: load", "Accept: */*"]
    lines += ["Accept-Encoding: gzip, deflate", "Connection: keep-alive"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    content_type = "application/x-www-form-urlencoded" if is_form else "application/json"
    lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def call(port: int, sent: Sequence[bytes], expected: bytes, seconds: float) -> Calls:
    """Let one caller for each of these requests repeat it for this time; every answer must contain `expected`."""
    calls = Calls()
    loop = asyncio.get_running_loop()
    callers = []
    for item in sent:
        _, caller = await loop.create_connection(partial(Caller, item, expected, calls), "127.0.0.1", port)
        callers.append(caller)
    await asyncio.sleep(seconds)
    for caller in callers:
        caller.stop()
    async with asyncio.timeout(30):
        await asyncio.gather(*(caller.ended for caller in callers))
    return calls
