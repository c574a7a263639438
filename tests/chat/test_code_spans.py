"""Code in a text is found as the page finds it (tests/js/test_markup.py)."""

from __future__ import annotations

import time

import pytest

from chat.code_spans import code_spans, without_code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a `b` ``c`d`` e", ["`b`", "``c`d``"]),
        ("`a\nb` ``c\n``", []),
        ("\\`a` `b`", ["` `"]),
        ("x ```a\n`` b``` y", ["```a\n`` b```"]),
        ("```py\ncode\n```` x", ["```py\ncode\n````"]),
        ("``` ``` a ``` b", ["``` a ```"]),
        ("```js\n``` a", []),
        ("``` a", []),
        ("none", []),
    ],
)
def test_code_is_found(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in code_spans(text)] == found


def test_code_is_replaced_character_by_character() -> None:
    assert without_code("a `b` c ``d``", ".") == "a ... c ....."
    assert without_code("a", ".") == "a"


def test_a_text_full_of_backticks_is_read_quickly() -> None:
    runs = " ".join("`" * length for length in range(1, 126))
    for text in ("`" * 8000, runs, "```\n" * 2000, "`a" * 4000, "``` ` " * 2000):
        began = time.process_time()
        without_code(text, " ")
        assert time.process_time() - began < 0.1
