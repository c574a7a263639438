"""Text of users within the admin's sentences does not change the order of the rest."""

from __future__ import annotations

import pytest

from accounts.admin.audit_format import translate_entry
from accounts.bidi import isolate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, 你好 😀", "plain, 你好 😀"),
        ("علی", "\u2068علی\u2069"),
        ("abc\u202edef", "\u2068abc\u202edef\u2069"),
        ("a\u2069\u202eb", "\u2068a\u202eb\u2069"),
        ("a\u2067b\u2069c\u2066d", "\u2068a\u2067b\u2069c\u2066d\u2069\u2069"),
    ],
)
def test_a_text_ends_its_own_directions_and_no_others(text: str, expected: str) -> None:
    assert isolate(text) == expected


def test_the_reason_in_an_audit_log_entry_does_not_turn_what_follows() -> None:
    entry = translate_entry("Ban.\nReason: a\u202eb\nUntil: tomorrow")
    assert entry.endswith(": \u2068a\u202eb\u2069 · Until: tomorrow")
