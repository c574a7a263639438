"""Shared segments: the frames of a channel between two ticks, kept once and not once per connection.

A *feed* holds a channel's frames since the last tick, one *segment* per codec. A connection *follows* a segment from
the frame at which it began until it writes, or until something of its own must keep its place: a reply, a push to
this connection only, an event that it must not get, the end of its membership. So a frame costs one step, and a
connection one step per tick. Connections that follow the same segments from the same frames write one *batch*, which is
encoded once.

A feed names the connections that do not follow it (`missing`). The next event of the channel reaches these one by one:
they begin to follow, or get the frame in their own queue while a reply holds their pushes back or their client does
not read. Each frame has a number in the order of delivery, by which a connection that follows several channels merges
them.

Feeds end with each tick, and earlier once they hold half of an outbox's limit together; then all followers write. A
connection whose own queue holds more than the other half does not follow, so followed frames keep to the limit too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from delivery.hub.connection import Connection

Frame = str | bytes


class Batch(list[Frame]):
    """The frames of one write, in order. Several connections may write the same batch, so it must not be changed.

    `size` is the sum of the frames' `wire_size`. `encoded` keeps the bytes that the frames have on the wire, by the
    manner of encoding.
    """

    __slots__ = ("encoded", "size")

    def __init__(self, frames: Sequence[Frame], size: int) -> None:
        super().__init__(frames)
        self.size = size
        self.encoded: dict[Hashable, bytes] = {}


def wire_size(frame: Frame) -> int:
    """Return the bytes of a frame on the wire, or more.

    Other scripts take up to three bytes per character. Checking is free, encoding would not be.
    """
    return len(frame) if isinstance(frame, bytes) or frame.isascii() else 3 * len(frame)


class Segment:
    """The frames of a feed in one codec."""

    __slots__ = ("feed", "followers", "frames", "numbers", "size")

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.frames: list[Frame] = []
        self.numbers: list[int] = []
        """The number of each frame in the order of delivery."""
        self.size = 0
        self.followers = 0

    def append(self, frame: Frame, number: int) -> int:
        """Add a frame; return its size."""
        size = wire_size(frame)
        self.frames.append(frame)
        self.numbers.append(number)
        self.size += size
        return size


class Feed:
    """The frames of a channel between two ticks."""

    __slots__ = ("has_ended", "missing", "segments")

    def __init__(self, members: dict[Connection, None]) -> None:
        self.segments: dict[str, Segment] = {}
        """By codec."""
        self.missing: dict[Connection, None] = dict(members)
        """The connections of the channel that do not follow."""
        self.has_ended = False

    def segment(self, codec: str) -> Segment:
        found = self.segments.get(codec)
        if found is None:
            found = self.segments[codec] = Segment(self)
        return found

    def add(self, connection: Connection) -> None:
        """Begin with the next event for this connection, which has joined the channel."""
        self.missing[connection] = None

    def drop(self, connection: Connection) -> None:
        """End with the last event for this connection, which has left the channel."""
        connection.outbox.unfollow()
        self.missing.pop(connection, None)


Slice = tuple[Segment, int, int]
"""A segment that a connection follows, the index of the first frame for it, and the bytes of the frames before."""


def merged_batch(slices: Sequence[Slice]) -> Batch:
    """Return the frames of the slices in the order of delivery."""
    size = sum(segment.size - size_before for segment, _, size_before in slices)
    if len(slices) == 1:
        segment, start, _ = slices[0]
        return Batch(segment.frames[start:], size)
    numbered = [
        pair
        for segment, start, _ in slices
        for pair in zip(segment.numbers[start:], segment.frames[start:], strict=True)
    ]
    return Batch([frame for _, frame in sorted(numbered, key=itemgetter(0))], size)


class BatchCache:
    """The batches of connections with equal slices, so that each is made once."""

    def __init__(self) -> None:
        self._batches: dict[tuple[Slice, ...], Batch] = {}

    def get(self, slices: Sequence[Slice]) -> Batch:
        """Return the batch with all present frames of the slices."""
        count = 0
        for segment, start, _ in slices:
            count += len(segment.frames) - start
        key = tuple(slices)
        batch = self._batches.get(key)
        if batch is None or len(batch) != count:
            batch = self._batches[key] = merged_batch(slices)
        return batch

    def clear(self) -> None:
        self._batches.clear()
