"""Credentials are issued and revoked; a revocation is an event that closes the connections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from pytest_django.fixtures import Settings

from accounts.actions import (
    expired_credentials_delete,
    password_change,
    session_end,
    sign_out_everywhere,
    token_issue,
    token_revoke,
)
from accounts.credentials import session_credential
from accounts.errors import BadPassword
from accounts.models import User
from accounts.selectors.users import user_by_session, user_by_token
from delivery.log import head
from tests.accounts.conftest import Revocations


def _credential(token: str) -> str:
    found = user_by_token(token)
    assert found is not None
    return found[1]


def test_only_the_hash_of_a_token_is_stored(alice: User) -> None:
    token = token_issue(user=alice)
    row = AuthToken.objects.get()
    assert token not in (row.digest, row.token_key)
    assert _credential(token) == f"token:{row.digest[:32]}"


def test_a_token_expires(alice: User, settings: Settings) -> None:
    settings.IM_TOKEN_DAYS = 7
    token = token_issue(user=alice)
    expiry = AuthToken.objects.get().expiry
    assert timedelta(days=6) < expiry - timezone.now() <= timedelta(days=7)
    AuthToken.objects.update(expiry=timezone.now())
    assert user_by_token(token) is None
    token_issue(user=alice)
    assert AuthToken.objects.count() == 1


def test_a_revoked_token_closes_its_own_connections_only(alice: User, revocations: Revocations) -> None:
    token, other = token_issue(user=alice), token_issue(user=alice)
    credential = _credential(token)
    token_revoke(user_id=alice.pk, credential=credential)
    assert user_by_token(token) is None
    assert user_by_token(other) is not None
    assert revocations(alice) == [{"credential": credential, "except": None}]


def test_bob_cannot_revoke_alices_token(alice: User, bob: User) -> None:
    token = token_issue(user=alice)
    token_revoke(user_id=bob.pk, credential=_credential(token))
    assert user_by_token(token) is not None


def test_a_session_ends_with_its_connections(alice: User, browser: Client, revocations: Revocations) -> None:
    key = browser.session.session_key or ""
    assert user_by_session(key) == (alice, session_credential(key))
    session_end(user_id=alice.pk, session_key=key)
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]


def test_a_new_password_ends_every_sign_in_but_the_token_that_set_it(alice: User, revocations: Revocations) -> None:
    token, other = token_issue(user=alice), token_issue(user=alice)
    credential = _credential(token)
    password_change(user=alice, new_password="quite another", keep_credential=credential)
    assert user_by_token(token) is not None
    assert user_by_token(other) is None
    assert revocations(alice) == [{"credential": None, "except": credential}]
    assert User.objects.get(pk=alice.pk).check_password("quite another")


def test_a_password_set_by_an_operator_ends_every_sign_in(
    alice: User, browser: Client, revocations: Revocations
) -> None:
    token, key = token_issue(user=alice), browser.session.session_key or ""
    password_change(user=alice, new_password="quite another")
    assert user_by_token(token) is None
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": None, "except": None}]


def test_a_bad_password_changes_nothing(alice: User) -> None:
    token, before = token_issue(user=alice), head()
    with pytest.raises(BadPassword):
        password_change(user=alice, new_password="x")
    assert user_by_token(token) is not None
    assert head() == before


def test_signing_out_everywhere_ends_sessions_and_tokens(
    alice: User, bob: User, browser: Client, revocations: Revocations
) -> None:
    token, key, bobs = token_issue(user=alice), browser.session.session_key or "", token_issue(user=bob)
    sign_out_everywhere(user_id=alice.pk)
    assert user_by_token(token) is None
    assert user_by_session(key) is None
    assert user_by_token(bobs) is not None
    assert revocations(alice) == [{"credential": None, "except": None}]
    assert browser.get("/accounts/password/").status_code == 302


def test_expired_credentials_are_deleted_and_others_remain(alice: User, client: Client, settings: Settings) -> None:
    live = token_issue(user=alice)
    expired, _ = AuthToken.objects.create(alice, expiry=timedelta(days=-1))
    client.force_login(alice)
    ended = Session.objects.create(session_key="a" * 32, session_data="", expire_date=timezone.now())
    lock = timedelta(seconds=settings.IM_LOGIN_LOCK_SECONDS)
    for name, age in (("long ago", lock + timedelta(seconds=1)), ("just now", timedelta())):
        attempt = AccessAttempt.objects.create(username=name, failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=timezone.now() - age)
    expired_credentials_delete()
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["just now"]
    assert not AuthToken.objects.filter(pk=expired.pk).exists()
    assert not Session.objects.filter(pk=ended.pk).exists()
    assert user_by_token(live) is not None
    assert user_by_session(client.session.session_key or "") is not None
