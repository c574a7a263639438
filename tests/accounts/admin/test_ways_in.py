"""Tokens and sign-in locks in the admin."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.test import Client
from knox.models import AuthToken
from pytest_django.fixtures import Settings

from accounts.actions import token_issue
from accounts.models import User
from accounts.selectors import person_by_token
from tests.accounts.conftest import PASSWORD, Revocations

TOKENS = "/admin/knox/authtoken/"
LOCKS = "/admin/axes/accessattempt/"


def test_a_token_is_revoked_by_the_action(as_root: Client, alice: User, revocations: Revocations) -> None:
    token = token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert token not in as_root.get(TOKENS).content.decode()
    page = as_root.post(TOKENS, {"action": "revoke", "_selected_action": [digest]}, follow=True).content.decode()
    assert "1 revoked." in page
    assert person_by_token(token) is None
    assert revocations(alice) == [{"credential": f"token:{digest[:32]}", "except": None}]


def test_tokens_are_neither_made_nor_changed_here(as_root: Client, alice: User) -> None:
    token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert as_root.get(f"{TOKENS}add/").status_code == 403
    assert as_root.post(f"{TOKENS}{digest}/change/", {"user": "1"}).status_code == 403
    assert as_root.post(f"{TOKENS}{digest}/delete/", {"post": "yes"}).status_code == 403


def test_who_may_only_look_at_tokens_revokes_none(as_steve: Client, alice: User) -> None:
    token = token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert as_steve.get(TOKENS).status_code == 200
    as_steve.post(TOKENS, {"action": "revoke", "_selected_action": [digest]})
    assert person_by_token(token) is not None


def test_a_lock_is_taken_off(as_root: Client, alice: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    client, right = Client(), {"username": "alice", "password": PASSWORD}
    for _ in range(2):
        client.post("/accounts/login/", {"username": "Alice", "password": "wrong"})
    assert client.post("/accounts/login/", right).status_code == 429
    attempt = AccessAttempt.objects.get()
    as_root.post(LOCKS, {"action": "unlock", "_selected_action": [attempt.pk]})
    assert client.post("/accounts/login/", right).status_code == 302


def test_a_password_that_was_typed_is_not_kept(as_root: Client, alice: User) -> None:
    Client().post("/accounts/login/", {"username": "alice", "password": "nearly-my-password"})
    attempt = AccessAttempt.objects.get()
    assert "nearly-my-password" not in str(vars(attempt))
    assert "nearly-my-password" not in as_root.get(f"{LOCKS}{attempt.pk}/change/").content.decode()
