"""Apps are created and changed; their numbers never change."""

from __future__ import annotations

import pytest

from accounts.actions import app_create, app_update
from accounts.errors import BadApp
from accounts.models import App
from accounts.selectors.users import app_by_number, apps_enabled
from tests.support.refusals import refused_for


@pytest.fixture
def web(db: None) -> App:
    return app_create(number=901, name="Web")


def test_an_app_is_created(web: App) -> None:
    assert app_by_number(901) == web
    assert web in apps_enabled()


def test_an_app_number_is_unique(web: App) -> None:
    with refused_for(BadApp, "app_number_taken"):
        app_create(number=901, name="Web again")


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70])
def test_a_number_out_of_range_is_refused(db: None, number: int) -> None:
    with refused_for(BadApp, "app_number_range"):
        app_create(number=number, name="Far")
    assert app_by_number(number) is None


def test_a_name_with_invisible_characters_is_refused(web: App) -> None:
    with refused_for(BadApp, "name_invisible"):
        app_create(number=902, name="We\u202eb")
    with refused_for(BadApp, "name_empty"):
        app_update(number=901, name="", guests_allowed=True, enabled=True)


def test_a_disabled_app_is_not_found(web: App) -> None:
    app_update(number=901, name="Web 2", guests_allowed=False, enabled=False)
    web.refresh_from_db()
    assert (web.name, web.guests_allowed) == ("Web 2", False)
    assert app_by_number(901) is None
    assert web not in apps_enabled()


def test_an_unknown_app_cannot_be_changed(db: None) -> None:
    with refused_for(BadApp, "no_such_app"):
        app_update(number=999, name="Web", guests_allowed=True, enabled=True)
