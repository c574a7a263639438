"""A program that makes legacy calls."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import App


@pytest.fixture
def program(web: App) -> Client:
    """Return a program on loopback, without a token."""
    return Client()
