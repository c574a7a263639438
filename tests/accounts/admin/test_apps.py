"""Apps in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import app_create
from accounts.models import App

LIST = "/admin/accounts/app/"


@pytest.fixture
def web(db: None) -> App:
    return app_create(number=901, name="Web")


def test_an_app_is_created_and_changed_except_for_its_number(as_root: Client) -> None:
    as_root.post(f"{LIST}add/", {"number": "901", "name": "Web", "enabled": "on", "guests_allowed": "on"})
    web = App.objects.get(number=901)
    as_root.post(f"{LIST}{web.pk}/change/", {"number": "902", "name": "Site"})
    web.refresh_from_db()
    assert (web.number, web.name, web.enabled, web.guests_allowed) == (901, "Site", False, False)


@pytest.mark.parametrize("number", ["901", "0", "99999999999"])
def test_an_invalid_number_shows_an_error(as_root: Client, web: App, number: str) -> None:
    response = as_root.post(f"{LIST}add/", {"number": number, "name": "Another", "enabled": "on"}, follow=True)
    assert response.status_code == 200
    assert App.objects.filter(name="Another").count() == 0
    assert "error" in response.content.decode()


def test_an_app_cannot_be_deleted(as_root: Client, web: App) -> None:
    assert as_root.post(f"{LIST}{web.pk}/delete/", {"post": "yes"}).status_code == 403
    as_root.post(LIST, {"action": "delete_selected", "_selected_action": [web.pk], "post": "yes"})
    assert App.objects.filter(pk=web.pk).exists()
