"""Superusers create services and grant permissions; staff who manage services deactivate them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.actions import service_create, service_token_create
from accounts.models import User
from accounts.selectors.users import user_by_token

LIST = "/admin/accounts/service/"


@pytest.fixture
def shop(db: None) -> User:
    return service_create(username="shop", nickname="The shop", permissions=["chat.use_gateway"])


def _rights(*names: str) -> list[int]:
    return list(Permission.objects.filter(codename__in=names).values_list("pk", flat=True))


def test_root_creates_a_service_with_permissions(as_root: Client) -> None:
    given = {"username": "till", "nickname": "Tills", "user_permissions": _rights("use_gateway")}
    assert as_root.post(f"{LIST}add/", given).status_code == 302
    till = User.objects.get(username="till")
    assert (till.kind, till.has_usable_password(), till.is_staff) == ("service", False, False)
    assert till.has_perm("chat.use_gateway")


def test_only_services_are_listed(as_root: Client, shop: User, alice: User) -> None:
    page = as_root.get(LIST).content.decode()
    assert "shop" in page and "alice" not in page
    assert as_root.get(f"{LIST}{alice.pk}/change/").status_code == 302


def test_removing_permissions_keeps_the_tokens(as_root: Client, shop: User) -> None:
    token = service_token_create(service=shop, name="till").token
    given = {"nickname": "Shop", "user_permissions": [], "username": "eve", "is_superuser": "on", "kind": "person"}
    assert as_root.post(f"{LIST}{shop.pk}/change/", given).status_code == 302
    known = user_by_token(token)
    assert known is not None
    shop = known[0]
    assert (shop.username, shop.nickname, shop.kind, shop.is_superuser) == ("shop", "Shop", "service", False)
    assert not shop.has_perm("chat.use_gateway")


def test_steve_manages_services_but_cannot_grant_permissions(as_steve: Client, steve: User, shop: User) -> None:
    steve.user_permissions.add(*_rights("view_service", "add_service", "change_service"))
    more = _rights("view_state")
    as_steve.post(f"{LIST}{shop.pk}/change/", {"nickname": "Shop", "user_permissions": more})
    as_steve.post(f"{LIST}add/", {"username": "till", "nickname": "Till", "user_permissions": more})
    assert User.objects.get(pk=shop.pk).get_user_permissions() == {"chat.use_gateway"}
    assert User.objects.get(username="till").get_user_permissions() == set()


def test_a_taken_or_misleading_name_is_refused(as_root: Client, alice: User) -> None:
    for name in ("ALICE", "till 1", "~till"):
        assert as_root.post(f"{LIST}add/", {"username": name, "nickname": "Till"}).status_code == 200
    assert not User.objects.filter(kind="service").exists()


def test_a_service_is_deactivated_and_activated(as_root: Client, shop: User) -> None:
    token = service_token_create(service=shop, name="till").token
    chosen = {"_selected_action": [shop.pk]}
    assert "1 deactivated" in as_root.post(LIST, {"action": "deactivate", **chosen}, follow=True).content.decode()
    assert user_by_token(token) is None
    as_root.post(LIST, {"action": "activate", **chosen})
    token = service_token_create(service=shop, name="till").token
    assert user_by_token(token) is not None
    as_root.post(LIST, {"action": "revoke", **chosen})
    assert user_by_token(token) is None


def test_services_are_hidden_without_permission(as_steve: Client, shop: User) -> None:
    assert as_steve.get(LIST).status_code == 403
    assert as_steve.get(f"{LIST}{shop.pk}/change/").status_code == 403
