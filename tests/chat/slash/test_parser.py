"""The texts of slash commands, and their names and durations."""

from __future__ import annotations

import pytest

from chat import reasons
from chat.errors import ChatError
from chat.slash.parser import SlashText, parse, parse_duration, parse_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/me waves", ("me", "waves")),
        (" /Me\n two\nlines ", ("me", "two\nlines")),
        ("/help", ("help", "")),
        ("/ＨＥＬＰ", ("help", "")),
        ("/部署 main", ("部署", "main")),
    ],
)
def test_a_command_has_a_name_and_arguments(text: str, expected: tuple[str, str]) -> None:
    assert parse(text) == SlashText(*expected)


@pytest.mark.parametrize("text", ["", "/", "//me", "/ me", "me", "/usr/bin", f"/{'x' * 101}"])
def test_other_texts_are_no_commands(text: str) -> None:
    with pytest.raises(ChatError) as refused:
        parse(text)
    assert refused.value.reason is reasons.NOT_A_SLASH_COMMAND


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30m", 1800), ("1h30m", 5400), ("2 d", 172_800), ("2小时", 7200), ("1天", 86_400)]
    + [(text, None) for text in ("", "0m", "5", "-1h", "1m1h", "999d", "１h", "soon")],
)
def test_a_duration_has_units(text: str, seconds: int | None) -> None:
    assert parse_duration(text) == seconds


def test_names_may_begin_with_an_at_sign() -> None:
    assert parse_names("@bob, carol @ 马远，") == ["bob", "carol", "马远"]
