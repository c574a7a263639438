"""A client process that keeps nothing of a logged-in connection but its descriptor."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

import orjson

from tests.load.raw_socket import PING, PONG, TEXT

TOGETHER = 50
"""Connections that shake hands and log in at a time."""
CONNECTED, REACHED, REPEATED, LOST, HEARTBEATS = range(5)
_RECEIVE_BYTES = 65_536
_TIMEOUT_SECONDS = 120
_HEARTBEAT = {"seq": "1", "cmd": "heartbeat", "data": {}}
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Holding:
    """The connections of one process."""

    port: int
    source: str
    """The local address that they connect from: each has some 28,000 ports."""
    count: int
    first: int
    """Number of the first guest."""
    marker: bytes
    """The text of the broadcast."""
    heartbeat_seconds: float
    headers: bytes = b""
    """Lines of the handshake that end with CRLF, in addition to those that it needs."""


class HeldConnections:
    """Opens connections one group after the other, then answers pings, sends heartbeats and counts the broadcast."""

    def __init__(self, holding: Holding, counters: Any) -> None:
        self._holding, self._counters = holding, counters
        self._descriptors: list[int] = []
        self._reached: set[int] = set()
        self._poll = select.epoll()
        self._next_heartbeat = 0

    def open(self) -> None:
        """Log in all guests. Raises OSError if the machine or the server accepts no more."""
        holding = self._holding
        for start in range(0, holding.count, TOGETHER):
            self._open_together(range(start, min(start + TOGETHER, holding.count)))
            self._counters[CONNECTED] = len(self._descriptors)
            self.serve(0)

    def hold(self, stop: Event) -> None:
        """Keep the connections until `stop` is set."""
        last = time.monotonic()
        due = 0.0
        while not stop.is_set():
            self.serve(_PAUSE_SECONDS)
            now = time.monotonic()
            due += (now - last) / self._holding.heartbeat_seconds * len(self._descriptors)
            last = now
            while due >= 1 and self._descriptors:
                self._next_heartbeat = (self._next_heartbeat + 1) % len(self._descriptors)
                self._write(self._descriptors[self._next_heartbeat], _frame(TEXT, orjson.dumps(_HEARTBEAT)))
                due -= 1

    def _open_together(self, numbers: Sequence[int]) -> None:
        holding = self._holding
        with contextlib.ExitStack() as unfinished:
            links = [unfinished.enter_context(socket.socket()) for _ in numbers]
            for link in links:
                link.settimeout(_TIMEOUT_SECONDS)
                link.bind((holding.source, 0))
                link.connect(("127.0.0.1", holding.port))
                link.sendall(
                    b"GET /acc HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
                    % (holding.port, holding.headers)
                )
            for number, link in zip(numbers, links, strict=True):
                _receive_until(link, b"\r\n\r\n", b"HTTP/1.1 101")
                data = {"appId": 101, "userId": f"g{holding.first + number}"}
                link.sendall(_frame(TEXT, orjson.dumps({"seq": "0", "cmd": "login", "data": data})))
            for link in links:
                _receive_until(link, b'"cmd":"login"', b"")
                link.setblocking(False)
                descriptor = link.detach()
                self._descriptors.append(descriptor)
                self._poll.register(descriptor, select.EPOLLIN)

    def serve(self, seconds: float) -> None:
        """Handle what has arrived within this time."""
        for descriptor, _ in self._poll.poll(seconds):
            data = b""
            with contextlib.suppress(OSError):
                data = os.read(descriptor, _RECEIVE_BYTES)
            if data:
                self._handle(descriptor, data)
            else:
                self._poll.unregister(descriptor)
                self._descriptors.remove(descriptor)
                os.close(descriptor)
                self._counters[LOST] += 1

    def _handle(self, descriptor: int, data: bytes) -> None:
        if (times := data.count(self._holding.marker)) > 0:
            self._counters[REPEATED] += times - (descriptor not in self._reached)
            self._reached.add(descriptor)
            self._counters[REACHED] = len(self._reached)
        self._counters[HEARTBEATS] += data.count(b'"cmd":"heartbeat"')
        if data[0] == 0x80 | PING:
            self._write(descriptor, _frame(PONG, data[2 : 2 + data[1]]))

    def _write(self, descriptor: int, frame: bytes) -> None:
        # A connection that has ended is counted when it is read.
        with contextlib.suppress(OSError):
            os.write(descriptor, frame)


def _receive_until(link: socket.socket, end: bytes, start: bytes) -> None:
    data = b""
    while end not in data:
        if not (part := link.recv(_RECEIVE_BYTES)):
            raise ConnectionError(f"the server closed the connection after {data[:200]!r}")
        data += part
    if not data.startswith(start):
        raise ConnectionError(data[:200].decode(errors="replace"))


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
    return head + b"\0\0\0\0" + payload


def run(holding: Holding, counters: Any, errors: Any, stop: Event) -> None:
    """Open and hold connections in this process. The reason for stopping short goes to the queue `errors`."""
    held = HeldConnections(holding, counters)
    try:
        held.open()
    except OSError as error:
        errors.put(f"client from {holding.source}, after {counters[CONNECTED]} connections: {error!r}")
    else:
        errors.put("")
    with contextlib.suppress(KeyboardInterrupt):
        held.hold(stop)
