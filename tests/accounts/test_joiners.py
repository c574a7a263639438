"""Names may hold joiners, variation selectors and tags where emoji and scripts need them, and nowhere else."""

from __future__ import annotations

import pytest

from accounts.joiners import cut
from accounts.names import BadName, check_guest_name, check_nickname, check_user_name, name_key
from tests.support.refusals import refused_for

EMOJI_NAMES = [
    "👨‍👩‍👧 Family",
    "🏳️‍🌈 Club",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿 fans",
    "1️⃣ one",
    "#️⃣",
    "Jane 👩‍💻",
    "🧑🏿‍🤝‍🧑🏻",
    "❤️‍🔥",
    "🏳️‍⚧️ pride",
    "‼️ hey",
    "♪︎ song",
    "ok ☎︎",
    "\U0001fae9 tired",
]
JOINED_NAMES = {
    "علی‌رضا": "Persian, between letters",
    "محمد‌رضا": "Persian, after a letter that never joins",
    "مُحَمَّدِ‌رضا": "Persian, with vowel marks",
    "അനില്‍": "Malayalam, at the end",
    "ক্‌ষ": "Bengali, after the sign that joins",
    "র‍্যাচেল": "Bengali, before the sign that joins",
    "ශ්‍රී": "Sinhala",
    "葛\U000e0100城": "Japanese, a form of an ideograph",
    "ᠠ\u180b": "Mongolian, a form of a letter",
}
MISPLACED = [
    "ali\u200dce",
    "ali\u200cce",
    "علی\u200c",
    "\u200cعلی",
    "علی\u200c رضا",
    "അനില്\u200c",
    "👨\u200d",
    "\u200d👨",
    "👨\u200d\u200d👩",
    "👨\u200dx",
    "x\ufe0f",
    "❤\ufe0f\ufe0f",
    "葛\U000e0100\U000e0101",
    "ab\U000e0100",
    "🏴\U000e0067\U000e0062",
    "👍\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\U000e0067ab",
    "a\u180bb",
    "👨\u200b👩",
]


@pytest.mark.parametrize("name", [*EMOJI_NAMES, *JOINED_NAMES])
def test_a_name_with_joiners_in_place_is_valid(name: str) -> None:
    assert check_nickname(name) == name
    assert check_guest_name(name) == name


@pytest.mark.parametrize("name", JOINED_NAMES)
def test_a_user_name_may_contain_the_joiners_of_its_script(name: str) -> None:
    assert check_user_name(name) == name


@pytest.mark.parametrize("name", EMOJI_NAMES)
def test_a_user_name_contains_no_emoji(name: str) -> None:
    with refused_for(BadName, "name_characters"):
        check_user_name(name)


@pytest.mark.parametrize("name", MISPLACED, ids=ascii)
def test_a_misplaced_joiner_is_refused(name: str) -> None:
    for check in (check_user_name, check_guest_name, check_nickname):
        with refused_for(BadName, "name_invisible"):
            check(name)


@pytest.mark.parametrize(
    ("name", "other"),
    [("علی‌رضا", "علیرضا"), ("അനില്‍", "അനില്"), ("葛\U000e0100城", "葛城"), ("👨‍👩‍👧", "👨👩👧"), ("1️⃣", "1⃣")],
)
def test_joiners_and_selectors_do_not_distinguish_names(name: str, other: str) -> None:
    assert name_key(name) == name_key(other)


def test_marks_and_joiners_do_not_hide_mixed_scripts_or_stacks() -> None:
    with refused_for(BadName, "name_scripts"):
        check_user_name("\u0430\u0301lice")
    with refused_for(BadName, "name_marks"):
        check_nickname("ക" + "\u0d4d\u200d\u0301\u0301" * 3)


@pytest.mark.parametrize(
    ("name", "limit", "kept"),
    [
        ("Jane 👩‍💻", 8, "Jane 👩‍💻"),
        ("Jane 👩‍💻", 7, "Jane "),
        ("Jane 👩‍💻", 6, "Jane "),
        ("Zoe\u0308", 3, "Zo"),
        ("علی‌رضا", 4, "عل"),
        ("👍🏽", 1, ""),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 6, ""),
        ("Alice", 3, "Ali"),
        ("", 3, ""),
    ],
)
def test_a_name_is_cut_between_characters(name: str, limit: int, kept: str) -> None:
    assert cut(name, limit) == kept
