"""Names after "@" are found by the rule that the page has (tests/js/test_text.py), outside of code and addresses."""

from __future__ import annotations

import time

import pytest

from chat.mention_names import MAX_NAMES_PER_MESSAGE, mentionables

_KNOWN = {"alice", "bob", "bob smith", "马远", "علی"}


def known_names(text: str) -> list[str]:
    """Return what the page would highlight if it knew `_KNOWN`: the longest known name of each place."""
    found = []
    for place in mentionables(text):
        names = [name for name, key in place.names if key in _KNOWN]
        found += names[:1]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@alice look", ["alice"]),
        ("hi @Bob, and @BOB", ["Bob", "BOB"]),
        ("问@马远你好", ["马远"]),
        ("@Bob Smith: yes", ["Bob Smith"]),
        ("@bobby and bob@bob.example", []),
        ("`@bob` https://x.example/@bob", []),
        ("https://x.example?to=@bob，@bob", ["bob"]),
        ("```\n@bob\n``` @alice ``@bob`` it`s @bob", ["alice", "bob"]),
        ("`a\n@bob`", ["bob"]),
        ("\\`@bob`", ["bob"]),
        ("@nobody @", []),
        ("@bob.citizen", []),
        ("@\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", []),
        ("@\u0639\u0644\u06cc\u200c \u0631", ["علی"]),
        ("@bob-1 @bob_x @bob..y", []),
        ("@bob\u0301 and @علیرضا", []),
        ("@bob. @bob- @bob.", ["bob", "bob", "bob"]),
        ("@bob様 @علی", ["bob", "علی"]),
        ("@Ｂｏｂ\n@bob\nsmith", ["Ｂｏｂ", "bob"]),
        ("no one", []),
    ],
)
def test_names_are_found_as_on_the_page(text: str, expected: list[str]) -> None:
    assert known_names(text) == expected


def test_a_text_full_of_signs_is_read_quickly() -> None:
    for text in ("@" * 10_000, "@a " * 4_000, "@" + "马" * 10_000, "`@` " * 2_500, "``` ` " * 2_000 + "@a"):
        began = time.thread_time()
        assert sum(len(place.names) for place in mentionables(text)) <= MAX_NAMES_PER_MESSAGE
        assert time.thread_time() - began < 0.5
