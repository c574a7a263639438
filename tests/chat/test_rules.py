"""The rules are tested as functions of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.visible_text import has_visible_text
from chat import errors, rules
from chat.errors import ChatError, Code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", errors.ILLEGAL_PARAMETER),
        (" \n\t\u3000", errors.ILLEGAL_PARAMETER),
        ("\u2800\n\u200b\x85", errors.ILLEGAL_PARAMETER),
        ("a\0b", errors.ILLEGAL_PARAMETER),
        ("x" * 11, errors.TOO_MUCH),
    ],
)
def test_an_invalid_text_is_refused(text: str, code: Code) -> None:
    with pytest.raises(ChatError) as refusal:
        rules.check_text(text, limit=10)
    assert refusal.value.code is code


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_a_valid_text_is_unchanged_except_for_its_line_ends(text: str) -> None:
    if has_visible_text(text):
        assert rules.check_text(text, limit=20) == text.replace("\r\n", "\n")


def test_a_crlf_counts_as_one_character() -> None:
    assert rules.check_text("a\r\nb", limit=3) == "a\nb"


@pytest.mark.parametrize("given_id", [None, ""])
def test_an_empty_client_id_becomes_none(given_id: str | None) -> None:
    assert rules.check_client_id(given_id) is None


@pytest.mark.parametrize("given_id", ["x" * 65, "a\nb", "a\0", "\u202e"])
def test_an_invalid_client_id_is_refused(given_id: str) -> None:
    with pytest.raises(ChatError):
        rules.check_client_id(given_id)


@pytest.mark.parametrize(
    ("nicknames", "count", "name"),
    [
        (["Alice"], 1, "Alice"),
        (["Alice", "Bob", "Carol", "Dave"], 4, "Alice, Bob, Carol, Dave"),
        (["Alice", "Bob", "Carol", "Dave", "Erin"], 9, "Alice, Bob, Carol, Dave +5"),
        (["Alice"], 3, "Alice +2"),
    ],
)
def test_an_unnamed_group_is_named_after_its_members(nicknames: list[str], count: int, name: str) -> None:
    assert rules.name_from_members(nicknames, count) == name


def test_only_a_higher_rank_outranks() -> None:
    ranks = ["member", "admin", "owner"]
    outranked = {(one, other) for one in ranks for other in ranks if rules.outranks(one, other)}
    assert outranked == {("owner", "admin"), ("owner", "member"), ("admin", "member")}


@pytest.mark.parametrize(
    ("join", "role", "may"),
    [
        ("open", "member", True), ("invite", "member", True), ("closed", "member", False),
        ("closed", "admin", True), ("closed", "owner", True),
    ],
)  # fmt: skip
def test_the_join_policy_and_role_decide_invitations(join: str, role: str, may: bool) -> None:
    assert rules.may_invite(join, role) is may


@pytest.mark.parametrize(
    ("last", "read", "joined", "unread"),
    [(10, 7, 1, 3), (10, None, 1, 10), (10, None, 11, 0), (10, 3, 9, 2), (10, 12, 1, 0)],
)
def test_unread_counts_are_computed_from_numbers(last: int, read: int | None, joined: int, unread: int) -> None:
    assert rules.unread_count(last_seq=last, read_seq=read, from_seq=joined) == unread


@pytest.mark.parametrize(
    ("read", "purged", "recalled", "unread"),
    [(7, 0, 2, 1), (7, 0, 4, 0), (3, 8, 0, 2), (3, 8, 1, 1), (9, 8, 0, 1), (None, 10, 0, 0)],
)
def test_recalled_and_purged_messages_are_not_unread(read: int | None, purged: int, recalled: int, unread: int) -> None:
    count = rules.unread_count(last_seq=10, read_seq=read, from_seq=1, purged_seq=purged, uncounted=recalled)
    assert count == unread


def test_readable_numbers_are_those_of_the_intervals() -> None:
    ranges: rules.Ranges = [(2, 3), (5, 4), (7, None)]
    assert [seq for seq in range(1, 10) if rules.is_readable(ranges, seq)] == [2, 3, 7, 8, 9]
