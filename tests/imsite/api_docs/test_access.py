"""The reference is public in development; in production, staff and programs with a token can read it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import token_issue, user_register
from accounts.models import User
from imsite.options import OPTIONS
from tests.support.fixtures.sites import SiteFactory
from tests.support.monitoring import get

PATHS = ("/api/schema/", "/api/docs/", "/api/protocol/")
each_page = pytest.mark.parametrize("path", PATHS)
pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings: Settings) -> None:
    """Run a production site without an open network."""
    option = next(option for option in OPTIONS if option.name == "IM_API_DOCS_NETWORKS")
    settings.IM_API_DOCS_NETWORKS = option.default(development=False)
    assert not settings.IM_API_DOCS_NETWORKS


@pytest.fixture
def alice() -> User:
    return user_register(username="alice", nickname="Alice", password="correct horse")


@each_page
def test_in_development_the_reference_is_public(path: str) -> None:
    assert Client().get(path).status_code == 200


@each_page
@pytest.mark.usefixtures("production")
def test_in_production_the_reference_is_not_found_for_strangers(path: str, alice: User) -> None:
    assert Client().get(path).status_code == 404
    signed_in = Client()
    signed_in.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert signed_in.get(path).status_code == 404


@each_page
@pytest.mark.usefixtures("production")
def test_in_production_staff_can_read_the_reference(path: str, alice: User) -> None:
    alice.is_staff = True
    alice.save()
    signed_in = Client()
    signed_in.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert signed_in.get(path).status_code == 200


@each_page
@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
@pytest.mark.usefixtures("production")
def test_in_production_a_gateway_token_can_read_the_reference(path: str, scheme: str, alice: User) -> None:
    headers = {"Authorization": f"{scheme} {token_issue(user=alice)}"}
    assert Client().get(path, headers=headers).status_code == 404, "she may not call"
    alice.user_permissions.add(Permission.objects.get(codename="use_gateway"))
    assert Client().get(path, headers=headers).status_code == 200
    assert Client().get(path, headers={"Authorization": f"{scheme} wrong"}).status_code == 404


@each_page
def test_the_reference_only_allows_get(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_a_production_site_hides_the_reference(site_factory: SiteFactory) -> None:
    options = {"IM_ENV": "production", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "127.0.0.1"}
    with site_factory(**options) as site:
        assert [get(site.url + path).status for path in PATHS] == [404, 404, 404]
