"""Reads the operators of a search: `has:file has:link is:thread from:name in:channel before: after: on:date`. Pure.

This is the one place that knows them, for every way to search. An operator with a value that it does not have, such as
`before:lunch`, is searched as words.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from chat.search.tokenizer import Phrase, phrases

_OPERATOR = re.compile(r'(?<!\S)(has|is|from|in|before|after|on):(?:"([^"]*)"|(\S+))', re.IGNORECASE)
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?", re.ASCII)
_TIMES = ("before", "after", "on")


@dataclass(slots=True)
class Question:
    """A search: the phrases that texts contain, and the conditions of its operators, all of which hold.

    `senders` and `channels` are names as they were typed, without `@` or `#`; times are Unix ms, `since` included and
    `until` not.
    """

    phrases: list[Phrase] = field(default_factory=list)
    has_file: bool = False
    has_link: bool = False
    in_thread: bool = False
    senders: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    since: int | None = None
    until: int | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether it asks for nothing."""
        return not (
            self.phrases
            or self.has_file
            or self.has_link
            or self.in_thread
            or self.senders
            or self.channels
            or self.since is not None
            or self.until is not None
        )


def parse_question(text: str, *, zone: tzinfo, now: datetime) -> Question:
    """Return the question. Days are those of `zone`, in which `now` is today."""
    question = Question()

    def read(match: re.Match[str]) -> str:
        value = (match[3] if match[2] is None else match[2]).strip()
        return " " if _apply(question, match[1].lower(), value, zone, now) else match[0]

    question.phrases = phrases(_OPERATOR.sub(read, text))
    return question


def _apply(question: Question, name: str, value: str, zone: tzinfo, now: datetime) -> bool:
    """Add the operator to the question; return False if it has no such value."""
    if name in _TIMES:
        days = _days(value, now.astimezone(zone).date())
        if days is None:
            return False
        first, last = (_start(day, zone) for day in days)
        if name != "before":
            question.since = max(question.since or 0, first if name == "on" else last)
        if name != "after":
            until = first if name == "before" else last
            question.until = until if question.until is None else min(question.until, until)
        return True
    if name in ("from", "in"):
        named = value.removeprefix("@" if name == "from" else "#")
        if named:
            (question.senders if name == "from" else question.channels).append(named)
        return bool(named)
    flags: dict[tuple[str, str], str] = {
        ("has", "file"): "has_file", ("has", "link"): "has_link", ("is", "thread"): "in_thread",
    }  # fmt: skip
    flag = flags.get((name, value.lower()))
    if flag is not None:
        setattr(question, flag, True)
    return flag is not None


def _days(value: str, today: date) -> tuple[date, date] | None:
    """Return the first day of what the value names, and the day after its end; None if it is no date."""
    words: dict[str, Callable[[], date]] = {
        "today": lambda: today,
        "yesterday": lambda: today - timedelta(days=1),
    }
    try:
        if (word := words.get(value.lower())) is not None:
            return word(), word() + timedelta(days=1)
        match = _DATE.fullmatch(value)
        if match is None:
            return None
        first = date(int(match[1]), int(match[2]), int(match[3] or 1))
        length = 1 if match[3] else calendar.monthrange(first.year, first.month)[1]
        return first, first + timedelta(days=length)
    except (ValueError, OverflowError):
        return None


def _start(day: date, zone: tzinfo) -> int:
    try:
        return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
