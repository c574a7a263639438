"""A minimal WebSocket client, so that a load test measures the server.

It supports the frames of this site only: unfragmented frames from the server, and frames with a zero mask to it.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from typing import TypeVar, cast

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LOGIN_SECONDS = 60.0

Client = TypeVar("Client", bound="RawSocket")


class RawSocket(asyncio.Protocol):
    """One connection. `opened` is called after the handshake, `message` with each frame of text or bytes."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.logged_in: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[int | None] = loop.create_future()
        """Resolved with the close code, None if the connection ended without one."""
        self.frames = 0
        self._buffer = b""
        self._open = False
        self._transport: asyncio.Transport

    def opened(self) -> None:
        """Log in after the handshake, and resolve `logged_in`."""
        raise NotImplementedError

    def message(self, payload: bytes) -> None:
        raise NotImplementedError

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
        if not self.ended.done():
            self.ended.set_result(None)
        if not self.logged_in.done():
            # Not a cancellation, which would look like one of the waiting task.
            self.logged_in.set_exception(ConnectionError("the connection ended before the log-in"))
            # Nobody may wait for it; this keeps asyncio from logging the exception.
            self.logged_in.exception()

    @property
    def port(self) -> int:
        """Return the local port of the connection."""
        return int(self._transport.get_extra_info("sockname")[1])

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.abort()

    def write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        self._transport.write(head + b"\0\0\0\0" + payload)

    def _handshake_done(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            self.logged_in.set_exception(ConnectionError(data[:end].decode(errors="replace")))
            self._transport.abort()
            return len(data)
        self._open = True
        self.opened()
        return end + 4

    def _frame_end(self, data: bytes, position: int) -> tuple[int, int] | None:
        """Return start and end of the payload of the frame at `position`, or None if it is incomplete."""
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
        if opcode in (TEXT, BINARY):
            self.frames += 1
            self.message(payload)
        elif opcode == PING:
            self.write(PONG, payload)
        elif opcode == CLOSE:
            if not self.ended.done():
                self.ended.set_result(int.from_bytes(payload[:2], "big") if payload else None)
            self._transport.close()


async def connect(
    port: int,
    path: str,
    client: Client,
    *,
    receive_buffer: int | None = None,
    host: str = "127.0.0.1",
    headers: str = "",
) -> Client:
    """Open a connection for the client and return it once it is logged in. `headers` are lines that end with CRLF.

    Raises ConnectionError if the connection ends before, and TimeoutError.
    """
    link = socket.socket()
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(link, (host, port))
    transport, _ = await loop.create_connection(lambda: client, sock=link)
    key = base64.b64encode(os.urandom(16)).decode()
    transport.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}Upgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    # asyncio.wait_for of Python 3.11 can lose a cancellation of this task.
    async with asyncio.timeout(LOGIN_SECONDS):
        await asyncio.shield(client.logged_in)
    return client
