"""Operators are read from a search; all that is none stays words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chat.search.question import Question, parse_question
from chat.search.tokenizer import Phrase

NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
DAY = 86_400_000
FIRST = round(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
"""The start of 2 November 2026 in UTC."""


def parse(text: str, zone: str = "UTC") -> Question:
    return parse_question(text, zone=ZoneInfo(zone), now=NOW)


def words(*texts: str) -> list[Phrase]:
    return [Phrase((text,), begins=index == len(texts) - 1) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("tide has:file", Question(words("tide"), has_file=True)),
        ("HAS:Link is:thread", Question(has_link=True, in_thread=True)),
        ("from:@alice in:#general noon", Question(words("noon"), senders=["alice"], channels=["general"])),
        ('from:"Ma Yuan" from:bob', Question(senders=["Ma Yuan", "bob"])),
        ("in:画室 在", Question([Phrase(("在",), begins=True)], channels=["画室"])),
        ("before:2026-11-02", Question(until=FIRST)),
        ("after:2026/11/2", Question(since=FIRST + DAY)),
        ("on:2026-11-02", Question(since=FIRST, until=FIRST + DAY)),
        ("on:2026-11", Question(since=FIRST - DAY, until=FIRST + 29 * DAY)),
        ("on:today", Question(since=FIRST + 28 * DAY, until=FIRST + 29 * DAY)),
        ("after:2026-11-01 after:2026-10-01 before:2026-11-04", Question(since=FIRST, until=FIRST + 2 * DAY)),
        ("has:file has:link", Question(has_file=True, has_link=True)),
    ],
)
def test_operators(text: str, question: Question) -> None:
    assert parse(text) == question and not question.is_empty


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("has:wings", ["has", "wings"]),
        ("before:lunch", ["before", "lunch"]),
        ("on:2026-13-45", ["on", "2026", "13", "45"]),
        ("on:0000-01-01", ["on", "0000", "01", "01"]),
        ("from: alice", ["from", "alice"]),
        ("in:", ["in"]),
        ("from:@", ["from"]),
        ("behas:file", ["behas", "file"]),
        ("https://example.org", ["https", "example", "org"]),
        ("on:１９９９-１-１", ["on", "1999", "1", "1"]),
    ],
)
def test_a_broken_operator_is_words(text: str, found: list[str]) -> None:
    assert parse(text) == Question(words(*found))


def test_days_are_those_of_the_user() -> None:
    assert parse("on:2026-11-02", "Asia/Shanghai").since == FIRST - 8 * 3_600_000
    assert parse("on:today", "Asia/Shanghai").since == FIRST + 29 * DAY - 8 * 3_600_000


@pytest.mark.parametrize(
    "text", ["", "  ", '"', ":", 'from:""', "on:9999-12-31", "before:0001-01-01", "in:" + "9" * 40]
)
def test_anything_can_be_read(text: str) -> None:
    assert isinstance(parse(text).is_empty, bool)
