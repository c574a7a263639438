"""Thins out log lines that repeat: the first one at once, later ones at growing intervals, and one when it is over.

An outage makes the same calls fail again and again. `imsite.logging_config` passes every warning and error through
`THROTTLE`, and code that works again after such a line calls `log_recovery`.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

FIRST_INTERVAL_SECONDS = 10.0
"""Seconds between the first line of a kind and the next."""
MAX_INTERVAL_SECONDS = 600.0
"""Maximum seconds between two lines of a kind. The interval doubles with each line."""
QUIET_SECONDS = 30.0
"""Seconds without an occurrence after which the next one counts as the first of its kind again.

More for a kind that occurs less often.
"""
MAX_KINDS = 1000
"""Kinds that are kept. Without the limit, lines that always differ would use more and more memory."""
OVER = "outage_over"
"""Log event of the line at the end. `outage` is the log event that does not occur any more, `count` its number."""

FACTS = ("action", "cmd", "job", "kind", "node", "provider", "setting", "received")
"""Extras by which lines of one log event are of different kinds. Others, such as counts, change with each line."""
_DIGITS = re.compile(r"\d+")
_MAX_ERROR_LENGTH = 200

Event = tuple[str, str]
"""Logger name and message: a log event."""
Kind = tuple[str, ...]
"""The properties in which lines of one log event differ.

Their facts, and the type and place of their exception; for lines of libraries, their arguments.
"""


@dataclass(slots=True)
class _Occurrences:
    started_at: float
    last_at: float
    next_line_at: float
    interval: float = FIRST_INTERVAL_SECONDS
    count: int = 1
    """Occurrences since the first line or the last recovery."""
    left_out: int = 0
    """Occurrences since the last line."""
    is_shown: bool = True
    """True if a line has been logged since the last recovery."""
    has_recovered: bool = False
    pause: float = 0.0
    """Seconds between the last two occurrences."""

    def is_outdated(self, now: float) -> bool:
        return now - self.last_at >= max(QUIET_SECONDS, 3 * self.pause)


class LogThrottle:
    """Decides which repeated lines are logged. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: dict[Event, dict[Kind, _Occurrences]] = {}
        self._kinds = 0

    def admit(self, record: logging.LogRecord) -> bool:
        """Return whether to log the record. Its `left_out` is set to the number of those not logged before it."""
        if record.msg == OVER:
            return True
        event, kind, now = (record.name, str(record.msg)), _kind(record), self._clock()
        with self._lock:
            known = self._events.get(event, {}).get(kind)
            if known is None or known.is_outdated(now):
                first = _Occurrences(now, now, now + FIRST_INTERVAL_SECONDS)
                self._remember(event, kind, first)
                if known is not None:
                    first.pause = now - known.last_at
                    _report_left_out(record, known)
                return True
            known.pause, known.last_at = now - known.last_at, now
            if known.has_recovered:
                known.has_recovered, known.started_at, known.count = False, now, 0
            known.count += 1
            if now < known.next_line_at:
                known.left_out += 1
                return False
            _report_left_out(record, known)
            known.is_shown = True
            known.interval = min(2 * known.interval, MAX_INTERVAL_SECONDS)
            known.next_line_at = now + known.interval
            return True

    def recover(self, event: Event, facts: dict[str, str]) -> tuple[int, float] | None:
        """Note that lines of this event with these facts have ended. Return their number and the seconds they took.

        Return None if there were none, or if none of them was logged: a failure that comes and goes must not flood
        the log by its ends either.
        """
        # Most calls end here. The lock is not needed to see that nothing has failed.
        if event not in self._events:
            return None
        wanted = {f"{name}={value}" for name, value in facts.items()}
        now = self._clock()
        with self._lock:
            ended = [
                known
                for kind, known in self._events.get(event, {}).items()
                if not known.has_recovered and wanted <= set(kind)
            ]
            shown = [known for known in ended if known.is_shown]
            for known in shown:
                known.is_shown, known.left_out = False, 0
            for known in ended:
                known.has_recovered = True
                # A new outage shows soon, however long this one has lasted.
                known.next_line_at = min(known.next_line_at, now + FIRST_INTERVAL_SECONDS)
        if not shown:
            return None
        seconds = max(known.last_at for known in shown) - min(known.started_at for known in shown)
        return sum(known.count for known in shown), seconds

    def reset(self) -> None:
        """Remove the records of all lines."""
        with self._lock:
            self._events.clear()
            self._kinds = 0

    def _remember(self, event: Event, kind: Kind, occurrences: _Occurrences) -> None:
        kinds = self._events.setdefault(event, {})
        if kind not in kinds:
            if self._kinds >= MAX_KINDS:
                self._events.clear()
                self._kinds, kinds = 0, self._events.setdefault(event, {})
            self._kinds += 1
        kinds[kind] = occurrences


THROTTLE = LogThrottle()
"""The throttle of this process."""


def log_recovery(logger: logging.Logger, event: str, **facts: str) -> None:
    """Log that a failure has ended, if lines of this event were logged.

    Call it after each success; it costs nothing while nothing fails. `facts` are extras of those lines.
    """
    ended = THROTTLE.recover((logger.name, event), facts)
    if ended is not None:
        count, seconds = ended
        logger.warning(OVER, extra={"outage": event, "count": count, "seconds": round(seconds, 1), **facts})


def _report_left_out(record: logging.LogRecord, known: _Occurrences) -> None:
    if known.left_out:
        record.left_out, known.left_out = known.left_out, 0


def _kind(record: logging.LogRecord) -> Kind:
    parts = [f"{name}={record.__dict__[name]}" for name in FACTS if name in record.__dict__]
    if error := record.__dict__.get("error"):
        # The same error differs in ports, counts and times.
        parts.append(_DIGITS.sub("#", str(error)[:_MAX_ERROR_LENGTH]))
    if record.exc_info:
        parts += (getattr(record.exc_info[0], "__name__", ""), _place(record.exc_info[2]))
    elif record.args:
        parts.append(str(record.args)[:_MAX_ERROR_LENGTH])
    return tuple(parts)


def _place(trace: TracebackType | None) -> str:
    """Return the file and line at which the exception was raised."""
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
