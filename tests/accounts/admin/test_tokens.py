"""Service tokens are created in the admin, shown once and revoked."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from knox.models import AuthToken

from accounts.actions import devices_record_use, service_create, service_permissions_set, token_issue
from accounts.models import Device, User
from accounts.selectors.users import user_by_token
from tests.accounts.conftest import Revocations

TOKENS = "/admin/knox/authtoken/"


@pytest.fixture
def shop(db: None) -> User:
    return service_create(username="shop", nickname="The shop", permissions=["chat.use_gateway"])


def _make(client: Client, owner: User, **changes: object) -> str:
    given = {"user": owner.pk, "name": "Till 1", "days": 30} | changes
    return client.post(f"{TOKENS}add/", given, follow=True).content.decode()


def test_a_service_token_is_created_and_shown_once(as_root: Client, root: User, shop: User) -> None:
    answer = as_root.post(f"{TOKENS}add/", {"user": shop.pk, "name": "Till 1", "days": "30"})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    found = re.search(r"[0-9a-f]{64}", answer.content.decode())
    assert found is not None
    token = found.group()
    known = user_by_token(token)
    assert known is not None and known[0] == shop
    device = Device.objects.get()
    assert (device.name, device.created_by, device.credential) == ("Till 1", root, known[1])
    # The token is nowhere else: not in a session, the admin's log or the list.
    assert all(token not in str(session.get_decoded()) for session in Session.objects.all())
    assert all(token not in str(vars(entry)) for entry in LogEntry.objects.all())
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.object_id) == ("shop: Till 1", str(device.pk))
    assert token not in str(answer.cookies)
    page = as_root.get(TOKENS).content.decode()
    assert "Till 1" in page and token not in page


def test_the_list_shows_the_last_use_and_searches_by_name(as_root: Client, shop: User) -> None:
    _make(as_root, shop)
    _make(as_root, shop, name="Till 2")
    devices_record_use({Device.objects.get(name="Till 1").credential: (None, "192.0.2.7")})
    page = as_root.get(f"{TOKENS}?q=till+1").content.decode()
    assert "Till 1" in page and "Till 2" not in page and "192.0.2.7" in page


def test_no_token_can_be_created_for_a_user(as_root: Client, alice: User) -> None:
    assert "valid choice" in _make(as_root, alice)
    assert not AuthToken.objects.exists()


def test_a_token_needs_a_name_and_an_expiry(as_root: Client, shop: User) -> None:
    _make(as_root, shop, name=" ")
    _make(as_root, shop, days="")
    assert "1 to 730 days" in _make(as_root, shop, days="731")
    assert not AuthToken.objects.exists()


def test_an_operator_cannot_create_a_token_of_a_service_with_more_permissions(
    as_steve: Client, steve: User, shop: User
) -> None:
    steve.user_permissions.add(Permission.objects.get(codename="add_authtoken"))
    assert "permissions that you lack" in _make(as_steve, shop)
    assert not AuthToken.objects.exists()
    service_permissions_set(service_id=shop.pk, permissions=[])
    _make(as_steve, shop)
    assert AuthToken.objects.get().user == shop


def test_a_viewer_cannot_create_tokens(as_steve: Client, shop: User) -> None:
    assert as_steve.get(f"{TOKENS}add/").status_code == 403
    assert as_steve.post(f"{TOKENS}add/", {"user": shop.pk, "name": "x", "days": "1"}).status_code == 403


def test_a_token_is_revoked_by_the_action(as_root: Client, alice: User, revocations: Revocations) -> None:
    token = token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert token not in as_root.get(TOKENS).content.decode()
    page = as_root.post(TOKENS, {"action": "revoke", "_selected_action": [digest]}, follow=True).content.decode()
    assert "1 revoked." in page
    assert user_by_token(token) is None
    assert not Device.objects.exists()
    assert revocations(alice) == [{"credential": f"token:{digest[:32]}", "except": None}]


def test_tokens_cannot_be_edited(as_root: Client, alice: User) -> None:
    token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert as_root.post(f"{TOKENS}{digest}/change/", {"user": "1"}).status_code == 403
    assert as_root.post(f"{TOKENS}{digest}/delete/", {"post": "yes"}).status_code == 403


def test_a_viewer_cannot_revoke_tokens(as_steve: Client, alice: User) -> None:
    token = token_issue(user=alice)
    digest = AuthToken.objects.get().digest
    assert as_steve.get(TOKENS).status_code == 200
    as_steve.post(TOKENS, {"action": "revoke", "_selected_action": [digest]})
    assert user_by_token(token) is not None
