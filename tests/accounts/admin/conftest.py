"""Fixtures for the account admin: root has every permission, Steve is staff and manages users."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.actions import administrator_create, user_register, user_roles_set
from accounts.models import User
from tests.support.fixtures.users import PASSWORD

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def root(db: None) -> User:
    return administrator_create(username="root", password=PASSWORD)


@pytest.fixture
def steve(root: User) -> User:
    steve = user_register(username="steve", password=PASSWORD)
    may = Permission.objects.filter(codename__in=["view_user", "change_user", "add_user", "view_authtoken"])
    user_roles_set(user_id=steve.pk, is_staff=True, is_superuser=False, permissions=may)
    return User.objects.get(pk=steve.pk)


@pytest.fixture
def as_root(root: User) -> Client:
    client = Client()
    client.force_login(root, backend=BACKEND)
    return client


@pytest.fixture
def as_steve(steve: User) -> Client:
    client = Client()
    client.force_login(steve, backend=BACKEND)
    return client
