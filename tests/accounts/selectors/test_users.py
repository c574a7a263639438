"""Users are found by name, id, token and session; invalid input finds no user."""

from __future__ import annotations

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from accounts.actions import (
    guest_create,
    system_user,
    token_issue,
    user_block,
    user_deactivate,
    user_register,
    user_update,
)
from accounts.credentials import session_credential
from accounts.models import User
from accounts.selectors import users
from tests.support.fixtures.users import PASSWORD

GARBAGE = [
    "",
    " ",
    "\x00",
    "alice\x00",
    "\x00" * 32,
    "\ud800",
    "\ud800" * 32,
    "x" * 70_000,
    "' OR 1=1 --",
    "%",
    "_",
    "~",
    "\uffff",
]


def test_a_user_is_found_by_any_spelling_of_the_name(alice: User) -> None:
    for name in ("alice", "ALICE", "ａｌｉｃｅ"):
        assert users.user_by_name(name) == alice
    assert users.user_by_name("bob") is None


def test_guests_and_deactivated_users_are_not_found_by_name(alice: User) -> None:
    guest = guest_create(name="夏圭？")
    user_deactivate(user_id=alice.pk)
    assert users.user_by_name("alice") is None
    assert users.user_by_name("夏圭？") is None
    assert users.user_by_name(guest.username) is None
    assert users.users_by_names(["alice", guest.username]) == {}
    assert users.user_by_id(guest.pk) == guest
    assert users.user_by_id(alice.pk) == alice


def test_users_by_names_uses_the_given_spellings(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    system = system_user()
    with django_assert_num_queries(1):
        found = users.users_by_names(["ALICE", "alice", "bob", "nobody", "system", "\ud800", "\x00"])
    assert found == {"ALICE": alice, "alice": alice, "bob": bob, "system": system}


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_finds_no_user(alice: User, text: str) -> None:
    assert users.user_by_name(text) is None
    assert users.users_by_names([text]) == {}
    assert users.user_by_token(text) is None
    assert users.user_by_session(text) is None
    assert users.user_search(text) == []
    assert users.guest_name_taken(text) is False


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 2**200])
def test_numbers_out_of_range_find_nothing(db: None, number: int) -> None:
    assert users.user_by_id(number) is None
    assert users.app_by_number(number) is None


def test_a_token_of_every_length_costs_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The work does not depend on whether part of the token is right."""
    token = token_issue(user=alice)
    for attempt in (token, token[:-1] + "x", token[:15] + "0" * 49, "", "short"):
        with django_assert_num_queries(1):
            users.user_by_token(attempt)


def test_remaining_credentials_of_a_deactivated_user_are_refused(alice: User, browser: Client) -> None:
    key, token = browser.session.session_key or "", token_issue(user=alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert users.user_by_session(key) is None
    assert users.user_by_token(token) is None


def test_a_session_with_another_hash_is_refused(alice: User, browser: Client) -> None:
    session = browser.session
    session[HASH_SESSION_KEY] = "0" * 64
    session.save()
    assert users.user_by_session(session.session_key or "") is None


def test_a_session_outlives_the_replacement_of_the_secret_key(alice: User, browser: Client, settings: Settings) -> None:
    key = browser.session.session_key or ""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert users.user_by_session(key) == (alice, session_credential(key))
    settings.SECRET_KEY_FALLBACKS = []
    assert users.user_by_session(key) is None


def test_search_matches_the_beginning_of_name_or_nickname(alice: User, bob: User) -> None:
    user_update(user_id=bob.pk, nickname="Ｒobert", phone_number=None, email=None)
    guest_create(name="Rob the guest")
    gone = user_register(username="robin", password=PASSWORD)
    user_deactivate(user_id=gone.pk)
    assert users.user_search("ROB") == [bob]
    assert users.user_search("bo") == [bob]
    assert users.user_search("lice") == []
    assert users.user_search("%") == users.user_search("_lice") == []
    assert users.user_search("b", limit=0) == []


def test_search_matches_the_pinyin_of_a_chinese_nickname(db: None) -> None:
    ma, li = (user_register(username=f"p{name[0]}", nickname=name, password=PASSWORD) for name in ("马远", "李唐"))
    user_register(username="mary", password=PASSWORD)

    for q in ("马", "mayuan", "Ma Yuan", "MAYU", "my", "ｍｙ"):
        assert users.user_search(q) == [ma]
    assert users.user_search("lt") == users.user_search("li'tang") == [li]
    user_update(user_id=ma.pk, nickname="夏圭", phone_number=None, email=None)
    assert users.user_search("mayuan") == [] and users.user_search("xiagui") == [ma]


def test_an_exact_match_comes_before_a_prefix_match(alice: User) -> None:
    user_register(username="al", nickname="Zed", password=PASSWORD)
    called = user_register(username="zzz", nickname="ali", password=PASSWORD)

    assert users.user_search("ali") == [called, alice]


def test_search_omits_blocked_users_only(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)

    assert users.user_search("bob", by=alice) == []
    assert users.user_search("bob") == users.user_search("bob", by=bob) == [bob]
    assert users.user_search("alice", by=bob) == [alice]


@pytest.mark.parametrize("field", ["username_key", "nickname_key", "nickname_pinyin", "nickname_initials"])
def test_every_prefix_search_uses_an_index(alice: User, field: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = User.objects.filter(**{f"{field}__indexed_startswith": "ma"}).explain()
    assert "Index Cond" in plan or "USING INDEX" in plan


def test_a_name_of_an_account_is_taken_for_guests(alice: User) -> None:
    assert users.guest_name_taken("ALICE")
    assert not users.guest_name_taken("夏圭？")


@pytest.mark.django_db
@hypothesis_settings(max_examples=50)
@given(text=st.text(max_size=100))
def test_any_text_is_looked_up_without_an_error(text: str) -> None:
    users.user_by_name(text)
    users.user_by_token(text)
    users.user_by_session(text)
    users.user_search(text)
    users.guest_name_taken(text)
