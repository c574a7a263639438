"""Fixtures for the chat admin: Alice, Bob, their group, a global channel, and the operator Olga."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import app_create
from accounts.models import User
from chat.actions.channel import channel_create_global
from chat.models import Channel
from tests.support.operators import admin_browser


@pytest.fixture
def room(db: None) -> Channel:
    return channel_create_global(app=app_create(number=101, name="Web"))


@pytest.fixture
def operator(db: None) -> Client:
    """Return the browser of a superuser."""
    return admin_browser(User.objects.create_superuser("olga"))
