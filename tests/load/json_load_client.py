"""A client of the JSON protocol for load tests.

It does not decode JSON; it finds numbers in the bytes and checks each connection's order as they arrive.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.load import raw_socket
from tests.load.raw_socket import TEXT, RawSocket

_NUMBERED = re.compile(rb'"cmd":"(msg|message\.send)".*?"seq":(\d+)')
_STAMP = re.compile(rb'"msg":"(\d+) ')


class JsonLoadClient(RawSocket):
    """One guest. Checks that the pushes of its app's channel have every number once, in order."""

    def __init__(self, name: str, *, sample: Callable[[float], None] | None = None) -> None:
        super().__init__()
        self.name = name
        self.pushes = 0
        self.first = 0
        self.last = 0
        self.holes: set[int] = set()
        """Numbers not received: the client's own messages, or lost ones."""
        self.own: set[int] = set()
        self.repeated = 0
        self.disordered = 0
        self.refused: list[str] = []
        self._sample = sample

    def opened(self) -> None:
        self.request("login", "login", {"appId": 101, "userId": self.name})

    def request(self, seq: str, cmd: str, data: dict[str, Any]) -> None:
        self.write(TEXT, json.dumps({"seq": seq, "cmd": cmd, "data": data}).encode())

    def say(self, number: int, padding: str = "") -> None:
        """Send a message that carries its time of sending."""
        self.request(str(number), "message.send", {"type": "text", "msg": f"{time.perf_counter_ns()} {padding}"})

    def lost(self, acknowledged: set[int]) -> int:
        """Return how many of the acknowledged messages this connection should have received and did not."""
        if not acknowledged:
            return 0
        if not self.pushes:
            return len(acknowledged - self.own)
        missing = {number for number in self.holes if number in acknowledged}
        missing |= {number for number in acknowledged if number < self.first or number > self.last}
        return len(missing - self.own)

    def message(self, payload: bytes) -> None:
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
                # The reply to a send comes before any later message of the channel.
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


async def connect(
    port: int,
    name: str,
    *,
    batch: bool = False,
    sample: Callable[[float], None] | None = None,
    receive_buffer: int | None = None,
) -> JsonLoadClient:
    """Open a connection as a new guest of app 101, and return when it is logged in."""
    path = "/acc?batch=1" if batch else "/acc"
    return await raw_socket.connect(port, path, JsonLoadClient(name, sample=sample), receive_buffer=receive_buffer)
