"""Visitors register on the site's page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import trans_real
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.selectors.users import user_by_session
from imsite.translations import compile_translations
from tests.support.account_pages import session_key
from tests.support.fixtures.users import PASSWORD


@pytest.fixture
def chinese() -> None:
    """Compile and reload the Chinese catalogue."""
    compile_translations()
    trans_real._translations.pop("zh-hans", None)


def test_carol_registers_and_is_signed_in(db: None, client: Client) -> None:
    form = {
        "username": "Carol",
        "nickname": "",
        "password": PASSWORD,
        "password_confirmation": PASSWORD,
        "next": "/somewhere",
    }
    response = client.post("/accounts/register/", form)
    assert (response.status_code, response["Location"]) == (302, "/somewhere")
    found = user_by_session(session_key(client))
    assert found is not None
    assert (found[0].username, found[0].nickname) == ("Carol", "Carol")


def test_extra_fields_are_ignored(db: None, client: Client) -> None:
    more = {
        "is_staff": "1",
        "is_superuser": "1",
        "kind": "service",
        "is_active": "",
        "id": "7",
        "date_joined": "1999-01-01",
    }
    client.post(
        "/accounts/register/", {"username": "carol", "password": PASSWORD, "password_confirmation": PASSWORD} | more
    )
    carol = User.objects.get(username="carol")
    assert not (carol.is_staff or carol.is_superuser)
    assert carol.kind == User.Kind.PERSON
    assert carol.is_active
    assert carol.date_joined.year != 1999


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"username": "ＡＬＩＣＥ"}, "This name is taken."),
        ({"username": "admin"}, "This name is reserved."),
        ({"username": "ca\u200brol"}, "invisible characters"),
        ({"username": " carol"}, "start or end with a space"),
        ({"nickname": "Ca\u202erol"}, "invisible characters"),
        ({"password": "ab", "password_confirmation": "ab"}, "too short"),
        ({"password_confirmation": "another"}, "The passwords do not match."),
    ],
)
def test_an_error_is_shown_at_its_field(alice: User, client: Client, fields: dict[str, str], text: str) -> None:
    form = {"username": "carol", "password": PASSWORD, "password_confirmation": PASSWORD} | fields
    response = client.post("/accounts/register/", form)
    assert response.status_code == 200
    field = "password_confirmation" if "another" in fields.values() else next(iter(fields))
    assert text in " ".join(response.context["form"].errors[field])
    assert f'id="id_{field}_error"' in response.content.decode()
    assert User.objects.count() == 1
    assert PASSWORD not in response.content.decode()


def test_an_error_is_in_the_users_language(alice: User, client: Client, chinese: None) -> None:
    form = {"username": "alice", "password": PASSWORD, "password_confirmation": PASSWORD}
    page = client.post("/accounts/register/", form, headers={"accept-language": "zh-CN"}).content.decode()
    assert "该名字已被占用。" in page
    assert '<html lang="zh-hans">' in page
    form = {"username": "carol", "nickname": "\u200b", "password": PASSWORD, "password_confirmation": PASSWORD}
    page = client.post("/accounts/register/", form, headers={"accept-language": "zh-CN"}).content.decode()
    assert "名字不能含有不可见字符。" in page


def test_registration_is_refused_while_it_is_closed(db: None, client: Client, settings: Settings) -> None:
    settings.IM_REGISTRATION = False
    form = {"username": "carol", "password": PASSWORD, "password_confirmation": PASSWORD}
    for response in (client.get("/accounts/register/"), client.post("/accounts/register/", form)):
        assert response.status_code == 403
        assert "Registration is closed" in response.content.decode()
    assert not User.objects.exists()
    assert "/accounts/register/" not in client.get("/accounts/login/").content.decode()
