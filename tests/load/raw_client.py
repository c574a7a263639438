"""A protocol client that costs next to nothing, so that the client is not what a load test measures.

It speaks just enough WebSocket for our own server: unfragmented text frames one way, unmasked-in-effect (a zero mask)
the other. It does not decode JSON; it finds numbers in the bytes and checks each connection's order as they come.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, cast

_NUMBERED = re.compile(rb'"cmd":"(msg|message\.send)".*?"seq":(\d+)')
_STAMP = re.compile(rb'"msg":"(\d+) ')
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class RawClient(asyncio.Protocol):
    """One guest. Checks that the pushes of its app's channel come with every number, once, in order."""

    def __init__(self, name: str, *, sample: Callable[[float], None] | None = None) -> None:
        self.name = name
        self.logged_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        """Resolved with the close code, None if the connection ended without one."""
        self.frames = 0
        self.pushes = 0
        self.first = 0
        self.last = 0
        self.holes: set[int] = set()
        """Numbers that were skipped: the client's own messages, or lost ones."""
        self.own: set[int] = set()
        self.repeated = 0
        self.disordered = 0
        self.refused: list[str] = []
        self._sample = sample
        self._buffer = b""
        self._open = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        position = 0 if self._open else self._handshake_done(data)
        while (end := self._frame_end(data, position)) is not None:
            start, stop = end
            self._frame(data[position] & 0x0F, data[start:stop])
            position = stop
        self._buffer = data[position:]

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.ended, self.logged_in):
            if not future.done():
                future.cancel() if future is self.logged_in else self.ended.set_result(None)

    @property
    def port(self) -> int:
        """The client's own end of the connection."""
        return int(self._transport.get_extra_info("sockname")[1])

    def request(self, seq: str, cmd: str, data: dict[str, Any]) -> None:
        self._write(_TEXT, json.dumps({"seq": seq, "cmd": cmd, "data": data}).encode())

    def say(self, number: int, padding: str = "") -> None:
        """Send a message that carries its time of sending."""
        self.request(str(number), "message.send", {"type": "text", "msg": f"{time.perf_counter_ns()} {padding}"})

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.abort()

    def lost(self, acknowledged: set[int]) -> int:
        """How many of the acknowledged messages this connection should have got and did not."""
        if not acknowledged:
            return 0
        if not self.pushes:
            return len(acknowledged - self.own)
        missing = {number for number in self.holes if number in acknowledged}
        missing |= {number for number in acknowledged if number < self.first or number > self.last}
        return len(missing - self.own)

    def _handshake_done(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            self.logged_in.set_exception(ConnectionError(data[:end].decode(errors="replace")))
            self._transport.abort()
            return len(data)
        self._open = True
        self.request("login", "login", {"appId": 101, "userId": self.name})
        return end + 4

    def _frame_end(self, data: bytes, position: int) -> tuple[int, int] | None:
        """Where the payload of the frame at `position` begins and ends; None if it is not complete."""
        available = len(data) - position
        if available < 2 or not self._open:
            return None
        size, start = data[position + 1], position + 2
        if size == 126:
            if available < 4:
                return None
            size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        elif size == 127:
            if available < 10:
                return None
            size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        return (start, start + size) if start + size <= len(data) else None

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self.frames += 1
            self._text(payload)
        elif opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            if not self.ended.done():
                self.ended.set_result(int.from_bytes(payload[:2], "big") if payload else None)
            self._transport.close()

    def _text(self, payload: bytes) -> None:
        if not self.logged_in.done():
            reply = json.loads(payload)
            reply = reply[0] if isinstance(reply, list) else reply
            if reply["cmd"] != "login":
                return
            if reply["response"]["code"] == 200:
                self.logged_in.set_result(None)
            else:
                self.logged_in.set_exception(ConnectionError(payload.decode()))
            return
        for kind, digits in _NUMBERED.findall(payload):
            number = int(digits)
            if kind == b"msg":
                self._push(number)
            else:
                self.own.add(number)
                # The answer to a send comes before any later message of the channel.
                self.disordered += self.last > number
        if b'"cmd":"message.send"' in payload and b'"code":200' not in payload:
            self.refused.append(payload.decode())
        if self._sample:
            now = time.perf_counter_ns()
            for stamp in _STAMP.findall(payload):
                self._sample((now - int(stamp)) / 1e6)

    def _push(self, number: int) -> None:
        self.pushes += 1
        if number == self.last + 1:
            self.last = number
        elif not self.first:
            self.first = self.last = number
        elif number > self.last:
            self.holes.update(range(self.last + 1, number))
            self.last = number
        elif number in self.holes:
            self.holes.discard(number)
            self.disordered += 1
        else:
            self.repeated += 1
        if not self.first:
            self.first = number

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        self._transport.write(head + b"\0\0\0\0" + payload)


async def connect(
    port: int,
    name: str,
    *,
    batch: bool = False,
    sample: Callable[[float], None] | None = None,
    receive_buffer: int | None = None,
) -> RawClient:
    """Open a connection as a new guest of app 101, and return when it is logged in."""
    link = socket.socket()
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(link, ("127.0.0.1", port))
    _, client = await loop.create_connection(lambda: RawClient(name, sample=sample), sock=link)
    key = base64.b64encode(os.urandom(16)).decode()
    client._transport.write(
        f"GET /acc{'?batch=1' if batch else ''} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await asyncio.wait_for(asyncio.shield(client.logged_in), 60)
    return client
