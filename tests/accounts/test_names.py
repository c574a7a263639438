"""Names are checked without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.names import (
    NAME_KEY_MAX_LENGTH,
    BadName,
    BadNickname,
    check_guest_name,
    check_name,
    check_nickname,
    check_user_name,
    is_storable,
    name_key,
)
from tests.support.refusals import refused_for


@pytest.mark.parametrize("name", ["alice", "马远", "夏圭2", "ann-marie.o_k", "Ωμέγα7", "किरण", "Zoë", "a"])
def test_a_user_name_in_any_script(name: str) -> None:
    assert check_user_name(name) == name


@pytest.mark.parametrize("name", ["夏圭？", "Anna ❤️", "the 2nd one!", "👍", "Анна K", "admin's friend"])
def test_a_guest_name_may_contain_symbols(name: str) -> None:
    assert check_guest_name(name) == name


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("ali\u200bce", "zero-width space"),
        ("ali\u200dce", "zero-width joiner"),
        ("\ufeffalice", "byte order mark"),
        ("ali\u00adce", "soft hyphen"),
        ("\u202eecila", "right-to-left override"),
        ("alice\u2066", "bidi isolate"),
        ("ali\u061cce", "Arabic letter mark"),
        ("alice\x00", "NUL"),
        ("ali\nce", "line feed"),
        ("ali\u2028ce", "line separator"),
        ("ali\x7fce", "delete"),
        ("ali\ud800ce", "lone surrogate"),
        ("ali\ue000ce", "private use"),
        ("ali\U000e0041ce", "tag character"),
        ("ali\u3164ce", "Hangul filler"),
        ("ali\uffa0ce", "half-width Hangul filler"),
        ("ali\u2800ce", "blank Braille pattern"),
        ("ali\u034fce", "grapheme joiner"),
        ("ali\ufe0fce", "emoji selector after a letter"),
        ("\ufe0falice", "emoji selector at the beginning"),
        ("ali\U000e0100ce", "variation selector 17"),
        ("ali\u0378ce", "unassigned"),
    ],
)
def test_a_name_with_invisible_characters_is_refused(name: str, what: str) -> None:
    for check in (check_user_name, check_guest_name, check_nickname):
        with refused_for(BadName, "name_invisible"):
            check(name)


@pytest.mark.parametrize("name", ["", " ", "\u3000", " alice", "alice ", "alice\u00a0"])
def test_an_empty_or_padded_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        check_name(name, limit=64)


@pytest.mark.parametrize(
    "name", ["~alice", "al ice", "alice@home", "a:b", "a/b", "-alice", "alice.", "<b>", "夏圭？", "ﷺ"]
)
def test_a_user_name_with_symbols_is_refused(name: str) -> None:
    with pytest.raises(BadName, match=r"letters|letter"):
        check_user_name(name)


@pytest.mark.parametrize(
    "name", ["admin", "ADMIN", "Ａｄｍｉｎ", "a.d-m_i.n", "system", "everyone", "管理员", "support"]
)
def test_a_reserved_name_is_refused_for_an_account(name: str) -> None:
    with refused_for(BadName, "name_reserved"):
        check_user_name(name)
    assert check_user_name(name, allow_reserved=True) == name


def test_a_guest_cannot_be_named_system_but_can_be_named_guest() -> None:
    with refused_for(BadName, "name_reserved"):
        check_guest_name("System")
    assert check_guest_name("guest") == "guest"


def test_a_word_that_mixes_look_alike_scripts_is_refused() -> None:
    cyrillic_a = "\u0430"
    for check in (check_user_name, check_guest_name):
        with refused_for(BadName, "name_scripts"):
            check(f"{cyrillic_a}lice")


def test_stacked_combining_marks_are_refused() -> None:
    assert check_nickname("Ze\u0308\u0301d")
    with refused_for(BadNickname, "name_marks"):
        check_nickname("a" + "\u0301" * 12)
    with refused_for(BadNickname, "name_marks"):
        check_nickname("\u0301a")


def test_limits_count_characters() -> None:
    assert check_guest_name("夏" * 19)
    with pytest.raises(BadName, match="at most 19"):
        check_guest_name("夏" * 20)
    with pytest.raises(BadName, match="at most 64"):
        check_user_name("x" * 65)
    with pytest.raises(BadName, match="at most 256"):
        check_nickname("ﷺ" * 20)  # each becomes eighteen characters when normalized


@pytest.mark.parametrize(
    "other", ["ALICE", "Alice", "ａｌｉｃｅ", "ＡＬＩＣＥ", "ⓐⓛⓘⓒⓔ", "𝐚𝐥𝐢𝐜𝐞", "ali\ufe0fce", "ali\u200dce"]
)
def test_width_case_and_style_do_not_distinguish_names(other: str) -> None:
    assert name_key(other) == name_key("alice")


def test_composed_and_decomposed_forms_are_one_name() -> None:
    assert name_key("Zoe\u0308") == name_key("Zo\u00eb")
    assert name_key("STRASSE") == name_key("straße")


@given(st.text(max_size=80))
def test_a_name_key_is_idempotent(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(max_size=80))
def test_an_accepted_name_is_storable_and_unchanged(name: str) -> None:
    try:
        passed = check_name(name, limit=64)
    except BadName:
        return
    assert passed == name
    assert is_storable(passed)
    assert 0 < len(name_key(passed)) <= NAME_KEY_MAX_LENGTH
