"""Decodes what the server sends. Many connections get the same bytes, so a chunk is decoded once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from tests.load.raw_socket import BINARY, TEXT

_CACHED_CHUNKS = 128
SEND_PREFIX = "m"
"""First letter of the `seq` of requests that send a message. The message's key follows it."""


@dataclass(frozen=True, slots=True)
class Pushes:
    """Messages of one channel with consecutive numbers."""

    channel: str
    first: int
    last: int
    positions: tuple[int, ...]
    stamps: tuple[int, ...]
    """Times of sending in nanoseconds of the monotonic clock."""
    keys: tuple[str, ...]

    def each(self) -> Iterator[Pushes]:
        """Yield each message by itself."""
        numbers = range(self.first, self.last + 1)
        stamps = self.stamps or (0,) * len(self.keys)
        for number, position, stamp, key in zip(numbers, self.positions, stamps, self.keys, strict=True):
            yield Pushes(self.channel, number, number, (position,), (stamp,), (key,))


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    key: str
    channel: str
    seq: int


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to another request, or to a refused send."""

    id: str
    code: int
    data: Any


@dataclass(frozen=True, slots=True)
class Control:
    """A ping or close frame."""

    opcode: int
    payload: bytes


Item = Pushes | Acknowledgement | Reply | Control


@dataclass(frozen=True, slots=True)
class Chunk:
    """Decoded bytes of a connection. `end` is where the first incomplete frame begins."""

    items: tuple[Item, ...]
    frames: int
    end: int


@lru_cache(maxsize=_CACHED_CHUNKS)
def read(data: bytes) -> Chunk:
    """Decode all complete frames. Frames of this server are unfragmented and unmasked."""
    items: list[Item] = []
    position, frames = 0, 0
    while (bounds := _payload_bounds(data, position)) is not None:
        start, end = bounds
        opcode = data[position] & 0x0F
        if opcode in (TEXT, BINARY):
            frames += 1
            decoded = orjson.loads(data[start:end])
            items += decode(decoded if isinstance(decoded, list) else [decoded])
        else:
            items.append(Control(opcode, data[start:end]))
        position = end
    return Chunk(_merge(items), frames, position)


def _payload_bounds(data: bytes, position: int) -> tuple[int, int] | None:
    available = len(data) - position
    if available < 2:
        return None
    size, start = data[position + 1], position + 2
    if size >= 126:
        digits = 2 if size == 126 else 8
        if available < 2 + digits:
            return None
        size, start = int.from_bytes(data[start : start + digits], "big"), start + digits
    return (start, start + size) if start + size <= len(data) else None


def decode(envelopes: Iterable[Any]) -> list[Item]:
    """Return the items of envelopes that matter here; each pushed message is an item of its own."""
    items: list[Item] = []
    for envelope in envelopes:
        cmd, response = envelope["cmd"], envelope["response"]
        data = response.get("data")
        if cmd == "msg":
            stamp, _, key = data["msg"].partition(" ")
            stamps = (int(stamp),) if stamp.isdecimal() else ()
            items.append(Pushes(data["target"], data["seq"], data["seq"], (data.get("position", 0),), stamps, (key,)))
        elif cmd == "message.send" and response["code"] == 200:
            items.append(Acknowledgement(envelope["seq"].removeprefix(SEND_PREFIX), data["target"], data["seq"]))
        elif envelope["seq"] and not envelope["seq"].isdecimal():
            items.append(Reply(envelope["seq"], response["code"], data))
    return items


def _merge(items: list[Item]) -> tuple[Item, ...]:
    """Join neighbouring pushes with consecutive numbers, so that a connection handles them in one step."""
    merged: list[Item] = []
    run: list[Pushes] = []
    for item in items:
        if run and isinstance(item, Pushes) and item.channel == run[-1].channel and item.first == run[-1].last + 1:
            run.append(item)
            continue
        merged += _joined(run)
        run = [item] if isinstance(item, Pushes) else []
        if not run:
            merged.append(item)
    return (*merged, *_joined(run))


def _joined(run: list[Pushes]) -> list[Pushes]:
    if len(run) < 2:
        return run
    positions = tuple(position for item in run for position in item.positions)
    stamps = tuple(stamp for item in run for stamp in item.stamps)
    keys = tuple(key for item in run for key in item.keys)
    return [Pushes(run[0].channel, run[0].first, run[-1].last, positions, stamps, keys)]
