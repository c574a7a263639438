"""Changes of rights take effect on the fast path at once in the process that makes them, and elsewhere within 5 s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from knox.models import AuthToken

from accounts.actions import (
    app_update,
    guest_create,
    service_permissions_set,
    sign_out_everywhere,
    token_issue,
    token_revoke,
    user_deactivate,
)
from accounts.caches import callers
from accounts.credentials import token_credential, token_digest
from accounts.models import App, User
from accounts.selectors.permissions import permissions_of
from delivery import publish
from delivery.db import lookup_cache
from delivery.log import Entry
from imsite.server.fast_path import FastPath
from tests.chat.api.conftest import Grant, LiveHub
from tests.support.asgi_calls import Request, ask

USE = "use_gateway"
Status = Callable[[], int]


async def _left_to_django(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the fast path leaves this to Django")


class Service:
    """A service that calls the fast path."""

    def __init__(self, live_hub: LiveHub, user: User, token: str) -> None:
        self._live_hub, self.user, self.token = live_hub, user, token
        self._application = FastPath(_left_to_django)

    @property
    def digest(self) -> str:
        return token_digest(self.token)

    def status(self, path: str = "/api/v1/presence/alice/") -> int:
        request = Request(path, headers={"Authorization": f"Bearer {self.token}"})
        return self._live_hub.call(ask(self._application, request)).status


@pytest.fixture
def service(live_hub: LiveHub, shop: User) -> Service:
    """Return a service that has the permission as a member of a group."""
    group = Group.objects.create(name="systems")
    group.permissions.add(Permission.objects.get(codename=USE))
    shop.groups.add(group)
    made = Service(live_hub, shop, token_issue(user=shop))
    assert made.status() == 200
    return made


def _revoke(user: User, token: str) -> None:
    token_revoke(user_id=user.pk, credential=token_credential(token_digest(token)))


CHANGES: dict[str, tuple[Callable[[Service], object], int]] = {
    "the token is revoked": (lambda it: _revoke(it.user, it.token), 401),
    "all sessions are ended": (lambda it: sign_out_everywhere(user_id=it.user.pk), 401),
    "the service is deactivated": (lambda it: user_deactivate(user_id=it.user.pk), 401),
    "the token's row is deleted": (lambda it: AuthToken.objects.filter(digest=it.digest).delete(), 401),
    "its permissions are set": (lambda it: service_permissions_set(service_id=it.user.pk, permissions=()), 403),
    "it leaves the group": (lambda it: it.user.groups.clear(), 403),
    "the group loses its members": (lambda it: Group.objects.get().user_set.clear(), 403),
    "the group loses the permission": (lambda it: Group.objects.get().permissions.clear(), 403),
    "the group is deleted": (lambda it: Group.objects.get().delete(), 403),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_right_that_ends_here_is_refused_at_once(change: str, service: Service) -> None:
    make, status = CHANGES[change]
    make(service)
    assert service.status() == status


def test_a_right_that_begins_here_holds_at_once(live_hub: LiveHub, shop: User) -> None:
    service = Service(live_hub, shop, token_issue(user=shop))
    assert service.status() == 403
    shop.user_permissions.add(Permission.objects.get(codename=USE))
    assert service.status() == 200
    shop.user_permissions.clear()
    shop.is_superuser = True
    shop.save(update_fields=["is_superuser"])
    assert service.status() == 200


def test_a_change_that_is_rolled_back_and_one_of_another_service_change_nothing(
    service: Service, live_hub: LiveHub, bob: User, grant: Grant
) -> None:
    other = Service(live_hub, bob, grant(bob, USE).split()[1])
    assert other.status() == 200
    with transaction.atomic():
        service.user.groups.clear()
        transaction.set_rollback(True)
    _revoke(bob, other.token)
    assert (service.status(), other.status()) == (200, 401)


def _unannounced(service: Service) -> None:
    """Delete the token as another process does: no signal of this process tells of it."""
    AuthToken.objects.filter(digest=service.digest)._raw_delete("default")


def test_a_revocation_in_the_log_is_obeyed(service: Service, live_hub: LiveHub) -> None:
    _unannounced(service)
    assert service.status() == 200
    revocation = Entry(kind="revocation", user_ids=(service.user.pk,), header={"revoke": {"credential": None}})
    revocation.position = live_hub.hub.watermark + 1
    publish.publish_committed([revocation])
    assert service.status() == 401


def test_an_unannounced_change_is_obeyed_within_five_seconds(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    _unannounced(service)
    assert service.status() == 200
    assert lookup_cache.MAX_AGE_SECONDS < 5
    monkeypatch.setattr(lookup_cache, "MAX_AGE_SECONDS", 0.0)
    assert service.status() == 401


def test_an_expired_token_is_refused_without_another_look(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    known = AuthToken.objects.get(digest=service.digest)
    assert known.expiry is not None

    class Later:
        now = staticmethod(lambda: known.expiry)

    monkeypatch.setattr(callers, "timezone", Later)
    assert service.status() == 401


def test_names_apps_and_hidden_presence_change_at_once(
    service: Service, live_hub: LiveHub, alice: User, web: App
) -> None:
    def listed() -> bytes:
        return live_hub.call(ask(FastPath(_left_to_django), Request("/user/list?appID=101"))).body

    live_hub.log_in(alice, web)
    live_hub.log_in(guest_create(name="夏圭？"), web)
    assert b"alice" in listed()
    alice.shares_presence = False
    alice.save(update_fields=["shares_presence"])
    assert b"alice" not in listed()
    app_update(number=101, name="Web", guests_allowed=True, enabled=False)
    assert b'"code":1003' in listed()


@pytest.mark.django_db
def test_permissions_of_several_users_are_those_of_each(shop: User, alice: User, bob: User) -> None:
    group = Group.objects.create(name="systems")
    group.permissions.set(Permission.objects.filter(codename__in=(USE, "view_state")))
    Group.objects.create(name="empty").user_set.add(shop, bob)
    shop.groups.add(group)
    shop.user_permissions.add(*Permission.objects.filter(codename__in=(USE, "view_channel")))
    users = [User.objects.get(pk=user.pk) for user in (shop, alice, bob)]
    assert permissions_of([user.pk for user in users]) == {user.pk: user.get_all_permissions() for user in users}
    assert permissions_of([]) == {}
