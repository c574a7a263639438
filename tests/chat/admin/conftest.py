"""Alice and Bob, a group of theirs and an app's room; Olga, who operates the site."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import app_create, user_register
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group
from chat.models import Channel
from tests.support.operators import signed_in


@pytest.fixture
def alice(db: None) -> User:
    return user_register(username="alice", nickname="Alice", password="a good password")


@pytest.fixture
def bob(db: None) -> User:
    return user_register(username="bob", nickname="Bob", password="a good password")


@pytest.fixture
def group(alice: User, bob: User) -> Channel:
    return channel_create_group(creator=alice, name="Tea", members=["bob"])


@pytest.fixture
def room(db: None) -> Channel:
    return channel_create_global(app=app_create(number=101, name="Web"))


@pytest.fixture
def operator(db: None) -> Client:
    """The browser of a superuser."""
    return signed_in(User.objects.create_superuser("olga"))
