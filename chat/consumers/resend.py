"""Tracks the pushes that a client of `/ws` has not acknowledged, and sends them again.

A client that never acknowledges gets nothing again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from chat.node.resend_timer import ResendTimer
from chat.wire.protobuf_codec import pushed_seq

RESEND_BATCH_SIZE = 100
"""Pushes of one connection that are sent again at a time, oldest first."""
RECENT_FRAMES_KEPT = 256
"""Frames kept for a client that has not acknowledged anything yet; older ones can be read from the event log."""
MAX_UNACKNOWLEDGED = 10_000
"""Unacknowledged pushes of a connection; above it the connection is closed."""
NOTHING_KEPT = 2**63
"""A position greater than every real one."""
# An empty deque takes 624 bytes, so connections without pushes to acknowledge share this one. Nothing is added to it.
_NONE_WAITING: deque[tuple[int, bytes, int]] = deque(maxlen=0)


class UnacknowledgedPushes:
    """The unacknowledged pushes of one connection, in order. Nothing is tracked before its first acknowledgement."""

    __slots__ = ("_last", "_overflow", "_put", "_recent", "_timer", "_waiting")

    def __init__(self, timer: ResendTimer, put: Callable[[bytes], None], overflow: Callable[[], None]) -> None:
        self._timer = timer
        self._put = put
        self._overflow = overflow
        self._recent: list[bytes] | None = []
        self._waiting: deque[tuple[int, bytes, int]] = _NONE_WAITING
        """Position, frame, and the timer's tick when the frame was first sent."""
        self._last = 0

    def sent(self, frames: Iterable[bytes]) -> None:
        """Record frames that have been written, for the first time or again."""
        if self._recent is not None:
            self._recent.extend(frames)
            del self._recent[:-RECENT_FRAMES_KEPT]
        else:
            self._track(frames)

    def _track(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            seq = pushed_seq(frame)
            if seq is not None and seq > self._last:
                self._last = seq
                if not self._waiting:
                    self._waiting = deque()
                self._waiting.append((seq, frame, self._timer.tick))
        self._watch()

    def _watch(self) -> None:
        if len(self._waiting) > MAX_UNACKNOWLEDGED:
            self.stop()
            self._overflow()
        elif self._waiting:
            self._timer.watch(self)

    @property
    def is_waiting(self) -> bool:
        """Return whether the client acknowledges pushes and has some left to acknowledge."""
        return bool(self._waiting)

    def acknowledge(self, seq: int) -> int | None:
        """Record that the client has everything up to `seq`.

        At the first acknowledgement, older pushes may be kept in memory only in part. Then return the position from
        which on they are (NOTHING_KEPT if none are), so that the caller adds those between with `add_older`. Return
        None if nothing is missing.
        """
        kept_from = None
        if self._recent is not None:
            recent, self._recent = self._recent, None
            self._track(recent)
            if len(recent) == RECENT_FRAMES_KEPT and self._kept_from() > seq + 1:
                kept_from = self._kept_from()
        while self._waiting and self._waiting[0][0] <= seq:
            self._waiting.popleft()
        if not self._waiting:
            self._waiting = _NONE_WAITING
            self._timer.forget(self)
        return kept_from

    def _kept_from(self) -> int:
        return self._waiting[0][0] if self._waiting else NOTHING_KEPT

    def add_older(self, pushes: Sequence[tuple[int, bytes]]) -> None:
        """Add pushes (position and frame) that were sent before the tracked ones.

        The last of them may not have arrived yet.
        """
        first = self._kept_from()
        older = [(seq, frame, self._timer.tick) for seq, frame in pushes if seq < first]
        self._waiting = deque([*older, *self._waiting])
        self._last = max(self._last, older[-1][0] if older else 0)
        self._watch()

    def resend(self) -> None:
        """Send all pushes again that have been unacknowledged for a whole interval of the timer."""
        for index, (_, frame, tick) in enumerate(self._waiting):
            if index == RESEND_BATCH_SIZE or tick > self._timer.tick - 2:
                return
            self._put(frame)

    def stop(self) -> None:
        """Stop tracking: the connection has ended."""
        self._waiting.clear()
        self._timer.forget(self)
