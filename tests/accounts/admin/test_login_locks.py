"""Sign-in locks in the admin."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.support.fixtures.users import PASSWORD

LOCKS = "/admin/axes/accessattempt/"


def test_a_lock_is_removed(as_root: Client, alice: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    client, right = Client(), {"username": "alice", "password": PASSWORD}
    for _ in range(2):
        client.post("/accounts/login/", {"username": "Alice", "password": "wrong"})
    assert client.post("/accounts/login/", right).status_code == 429
    attempt = AccessAttempt.objects.get()
    as_root.post(LOCKS, {"action": "unlock", "_selected_action": [attempt.pk]})
    assert client.post("/accounts/login/", right).status_code == 302


def test_a_typed_password_is_not_stored(as_root: Client, alice: User) -> None:
    Client().post("/accounts/login/", {"username": "alice", "password": "nearly-my-password"})
    attempt = AccessAttempt.objects.get()
    assert "nearly-my-password" not in str(vars(attempt))
    assert "nearly-my-password" not in as_root.get(f"{LOCKS}{attempt.pk}/change/").content.decode()
