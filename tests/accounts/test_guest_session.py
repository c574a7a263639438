"""A guest gets a browser session and returns with its cookie."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import app_create
from accounts.models import App, User
from accounts.selectors.users import user_by_session


@pytest.fixture
def web(db: None, settings: Settings) -> App:
    settings.IM_GUESTS = True
    return app_create(number=101, name="Web")


def _enter_as_guest(client: Client, name: str, app: str = "101") -> tuple[int, dict[str, str]]:
    response = client.post("/accounts/guest/", {"name": name, "appId": app})
    return response.status_code, response.json()


def _guest(client: Client) -> User | None:
    found = user_by_session(client.session.session_key or "")
    return found[0] if found else None


def test_two_guests_with_one_name_are_two_users(web: App) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        status, data = _enter_as_guest(browser, "夏圭？")
        assert (status, data["userId"]) == (201, "夏圭？")
    first, second = map(_guest, browsers)
    assert first is not None and second is not None
    assert first.is_guest and first.pk != second.pk


def test_signing_out_ends_the_guest_session(web: App, client: Client) -> None:
    _enter_as_guest(client, "Mia")
    client.post("/accounts/logout/")
    assert _guest(client) is None


def test_a_guest_cannot_use_the_name_of_an_account(web: App, alice: User, client: Client) -> None:
    status, data = _enter_as_guest(client, "ALICE")
    assert (status, data["reason"]) == (400, "name_taken") and data["error"]
    assert _guest(client) is None


@pytest.mark.parametrize("app", ["", "999", "x", "²", "0101"])
def test_an_unknown_or_disabled_app_is_refused(web: App, client: Client, app: str) -> None:
    status, data = _enter_as_guest(client, "Mia", app)
    assert (status, data["reason"]) == (403, "guests_disabled")


def test_guests_are_refused_while_guests_are_off(web: App, client: Client, settings: Settings) -> None:
    settings.IM_GUESTS = False
    assert _enter_as_guest(client, "Mia")[0] == 403
    assert not User.objects.filter(kind=User.Kind.GUEST).exists()


def test_a_form_without_a_csrf_token_is_refused(web: App) -> None:
    assert Client(enforce_csrf_checks=True).post("/accounts/guest/", {"name": "Mia", "appId": "101"}).status_code == 403
