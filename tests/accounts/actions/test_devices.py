"""Devices show users their browsers and tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import (
    app_create,
    device_create,
    devices,
    devices_delete,
    devices_record_use,
    password_change,
    service_create,
    service_token_create,
    sign_out_everywhere,
    token_create,
    token_issue,
)
from accounts.errors import BadToken
from accounts.models import Device, User
from accounts.names import BadName
from accounts.selectors.users import user_by_token
from tests.support.fixtures.users import PASSWORD
from tests.support.refusals import refused_for


@pytest.fixture(autouse=True)
def _empty_record_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_recorded", {})


def test_a_device_is_recorded_once_with_printable_details(alice: User) -> None:
    app = app_create(number=101, name="Web")
    for _ in range(2):
        device_create(
            user=alice,
            kind=Device.Kind.BROWSER,
            credential="session:1",
            name="Fire\0fox\u202e" + "x" * 200,
            app=101,
            address="fe80::1%eth0",
        )
    row = Device.objects.get()
    assert (row.user, row.app, row.address, row.last_seen_at) == (alice, app, "fe80::1", None)
    assert row.name.startswith("Firefoxx") and len(row.name) == 100


def test_use_is_recorded_at_most_once_a_minute(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    device_create(user=alice, kind=Device.Kind.TOKEN, credential="token:1", address="192.0.2.1")
    devices_record_use({"token:1": (None, "nonsense")})
    first = Device.objects.get()
    assert first.last_seen_at is not None and first.address == "192.0.2.1"
    devices_record_use({"token:1": (None, "192.0.2.2")})
    # Another node has no cached entry and reads the row.
    monkeypatch.setattr(devices, "_recorded", {})
    devices_record_use({"token:1": (None, "192.0.2.2")})
    assert Device.objects.get().last_seen_at == first.last_seen_at
    monkeypatch.setattr(devices, "_recorded", {})
    Device.objects.update(last_seen_at=timezone.now() - timedelta(seconds=61))
    devices_record_use({"token:1": (7, "192.0.2.2")})
    again = Device.objects.get()
    assert again.address == "192.0.2.2" and again.app is None and again.last_seen_at >= first.last_seen_at


def test_many_devices_are_updated_in_one_statement(alice: User) -> None:
    app = app_create(number=102, name="iOS")
    for number in range(30):
        device_create(user=alice, kind=Device.Kind.TOKEN, credential=f"many:{number}", address="192.0.2.1")
    seen = {f"many:{number}": (102 if number % 2 else None, f"192.0.2.{number + 2}") for number in range(20)}

    with CaptureQueriesContext(connection) as asked:
        devices_record_use(seen)

    assert sum("UPDATE" in query["sql"] for query in asked) == 1
    for number in range(30):
        row = Device.objects.get(credential=f"many:{number}")
        noted = number < 20
        assert (row.last_seen_at is not None) == noted
        assert row.address == (f"192.0.2.{number + 2}" if noted else "192.0.2.1")
        assert row.app == (app if noted and number % 2 else None)


def test_use_of_a_deleted_device_is_not_recorded(alice: User) -> None:
    device_create(user=alice, kind=Device.Kind.BROWSER, credential="session:1")
    devices_delete("session:1")
    devices_record_use({"session:1": (None, None)})
    assert not Device.objects.exists()


def test_a_user_token_has_its_device(alice: User) -> None:
    app_create(number=102, name="iOS")
    token = token_issue(user=alice, app=102, address="192.0.2.1")
    known = user_by_token(token)
    assert known is not None
    device = Device.objects.get()
    assert (device.user, device.kind, device.credential) == (alice, "token", known[1])
    assert device.app is not None and device.app.number == 102


def test_deleting_an_expired_token_deletes_its_device(alice: User) -> None:
    token_create(user=alice, lifetime=timedelta(seconds=-1))
    token_issue(user=alice)
    assert Device.objects.count() == 1


def test_ending_every_sign_in_deletes_the_devices(alice: User) -> None:
    kept = user_by_token(token_issue(user=alice))
    token_issue(user=alice)
    device_create(user=alice, kind=Device.Kind.BROWSER, credential="session:1")
    assert kept is not None
    password_change(user=alice, new_password=PASSWORD + "!", keep_credential=kept[1])
    assert Device.objects.get().credential == kept[1]
    sign_out_everywhere(user_id=alice.pk)
    assert not Device.objects.exists()


def test_the_repr_of_a_new_token_hides_it(alice: User) -> None:
    made = token_create(user=alice)
    assert made.token not in repr(made)


def test_a_service_token_has_a_name_and_an_expiry(alice: User) -> None:
    shop = service_create(username="shop", permissions=["chat.use_gateway"])
    made = service_token_create(service=shop, name="Till 1", days=3, created_by=alice)
    assert timedelta(days=2) < made.expires - timezone.now() <= timedelta(days=3)
    assert (made.device.name, made.device.created_by) == ("Till 1", alice)
    for name, days in (("", 3), ("x" * 101, 3), ("a\u202eb", 3), ("Till", 0), ("Till", 100_000)):
        with pytest.raises(BadToken):
            service_token_create(service=shop, name=name, days=days)
    with refused_for(BadToken, "token_not_a_service"):
        service_token_create(service=alice, name="Till 1")


def test_a_service_needs_a_valid_name(db: None) -> None:
    with pytest.raises(BadName):
        service_create(username="the shop")
