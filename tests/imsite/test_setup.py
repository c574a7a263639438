"""`manage.py setup` creates the first content and an administrator shown once, and repeats nothing."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from accounts.models import App, User
from chat.models import Channel

pytestmark = pytest.mark.django_db(transaction=True)


def _setup() -> str:
    output = StringIO()
    call_command("setup", stdout=output)
    return output.getvalue()


def test_a_new_site_gets_the_four_apps_each_with_its_global_channel() -> None:
    _setup()

    assert list(App.objects.values_list("number", "name")) == [
        (101, "Web"),
        (102, "iOS"),
        (103, "Android"),
        (104, "Desktop"),
    ]
    kinds = Channel.objects.order_by("app__number").values_list("app__number", "kind")
    assert list(kinds) == [(number, "global") for number in (101, 102, 103, 104)]


def test_the_administrators_password_is_shown_once_and_works(settings: Settings) -> None:
    settings.IM_SITE_URL = "https://chat.example"
    shown = _setup()

    password = re.search(r"Password: +(\S+)", shown)
    assert password
    assert "https://chat.example/admin/" in shown
    admin = authenticate(RequestFactory().post("/"), username="admin", password=password[1])
    assert isinstance(admin, User)
    assert admin.is_superuser
    assert "Password" not in _setup()


def test_a_second_setup_changes_nothing() -> None:
    _setup()
    App.objects.filter(number=101).update(name="Browser", enabled=False)

    _setup()

    assert App.objects.count() == Channel.objects.count() == 4
    assert App.objects.get(number=101).name == "Browser"
    assert User.objects.filter(is_superuser=True).count() == 1
