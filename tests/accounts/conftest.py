"""Fixtures for accounts: Alice, Bob, a signed-in browser, and the revocations in the log."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from delivery.models import Event, EventRecipient
from tests.support.fixtures.users import PASSWORD

Revocations = Callable[[User], list[dict[str, str | None]]]


@pytest.fixture
def browser(alice: User) -> Client:
    """Return a browser in which Alice is signed in."""
    client = Client()
    response = client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert response.status_code == 302
    return client


@pytest.fixture
def revocations(db: None) -> Revocations:
    """Return the revocations of a user in the log, oldest first."""

    def read(user: User) -> list[dict[str, str | None]]:
        positions = EventRecipient.objects.filter(user_id=user.pk).values("position")
        events = Event.objects.filter(kind="revocation", position__in=positions).order_by("position")
        return [json.loads(event.header)["revoke"] for event in events]

    return read
