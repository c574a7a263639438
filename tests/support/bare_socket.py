"""A WebSocket without a client library: it sends any bytes as frames, and reads only when the test asks."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from websockets.utils import apply_mask

from tests.support.waiting import TIMEOUT_SECONDS

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Server(Protocol):
    """A server on the loopback interface."""

    @property
    def port(self) -> int: ...


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    masked: bool = True,
    reserved: int = 0,
    mask: bytes = b"\0\0\0\0",
) -> bytes:
    """Return one frame as bytes. With the usual mask, zero, the payload stays readable."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mask, bit = (mask, 0x80) if masked else (b"", 0)
    size = len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 1 << 16:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    return head + mask + (apply_mask(payload, mask) if any(mask) else payload)


class BareSocket:
    """A blocking connection to `/acc` or another path. `status` is the HTTP status of the handshake."""

    def __init__(
        self,
        site: Server,
        *,
        headers: Mapping[str, str] | None = None,
        path: str = "/acc",
        query: str = "",
        buffer: int | None = None,
    ) -> None:
        self.link = socket.socket()
        self.link.settimeout(TIMEOUT_SECONDS)
        if buffer is not None:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.link.connect(("127.0.0.1", site.port))
        fields = {
            "Host": f"127.0.0.1:{site.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        self.link.sendall(f"GET {path}{query} HTTP/1.1\r\n{lines}\r\n".encode("latin-1"))
        self._unread = b""
        answer = b""
        while b"\r\n\r\n" not in answer and (data := self.link.recv(65536)):
            answer += data
        head, _, self._unread = answer.partition(b"\r\n\r\n")
        self.answer = head.decode("latin-1")
        self.status = int(head.split()[1]) if head else 0

    def send(self, *frames: bytes) -> None:
        """Write bytes unchanged. A server that has closed the connection is no error."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.link.sendall(b"".join(frames))

    def request(self, cmd: str, seq: str = "1", **data: Any) -> None:
        self.send(frame(TEXT, json.dumps({"seq": seq, "cmd": cmd, "data": data}).encode()))

    def next(self) -> tuple[int, bytes] | None:
        """Return the next frame from the server (opcode, payload); None if the connection has ended."""
        head = self._take(2)
        if head is None:
            return None
        size = head[1] & 0x7F
        for code, length in ((126, 2), (127, 8)):
            if size == code:
                size = int.from_bytes(self._take(length) or b"", "big")
                break
        payload = self._take(size)
        return None if payload is None else (head[0] & 0x0F, payload)

    def reply(self, seq: str = "1") -> dict[str, Any]:
        """Return the next envelope with that seq. Raises AssertionError if the connection ends before."""
        while (got := self.next()) is not None:
            if got[0] == TEXT and (envelope := json.loads(got[1]))["seq"] == seq:
                return dict(envelope)
            assert got[0] != CLOSE, f"closed with {got[1][:2].hex()} {got[1][2:]!r}"
        raise AssertionError("the connection ended")

    def login(self, name: str) -> None:
        self.request("login", appId=101, userId=name)
        assert self.reply()["response"]["code"] == 200

    def close_code(self) -> int | None:
        """Read to the end. Return the server's close code, None if it ended without one."""
        code = None
        while (got := self.next()) is not None:
            if got[0] == CLOSE:
                code = int.from_bytes(got[1][:2], "big")
                self.send(frame(CLOSE, got[1][:2]))
        return code

    def close(self) -> None:
        self.link.close()

    def __enter__(self) -> BareSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, size: int) -> bytes | None:
        while len(self._unread) < size:
            try:
                data = self.link.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._unread += data
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken
