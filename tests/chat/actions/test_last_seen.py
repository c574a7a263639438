"""The last use of a sign-in is noted at login and stored in the background."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.actions import device_create, devices, devices_touch
from accounts.models import Device
from chat.actions import last_seen
from delivery.db.executors import run
from delivery.hub.connection import Connection
from delivery.hub.ticker import Ticker
from tests.support.in_process import create_global_channel, create_users

pytestmark = pytest.mark.django_db(transaction=True)


def _connection(credential: str) -> Connection:
    made = Connection(codec="json", address="192.0.2.9", ticker=Ticker(0.03), on_close=lambda code, reason: None)
    made.credential, made.app, made.is_attached = credential, 901, True
    return made


def _device() -> Device:
    create_global_channel(901)
    (alice,) = create_users("alice")
    return device_create(user=alice, kind=Device.Kind.TOKEN, credential="token:1")


async def test_a_login_is_recorded_with_its_app_and_address() -> None:
    device = await run(_device)
    last_seen.record_login(_connection("token:1"))
    last_seen.record_login(_connection("token:nobody's"))
    last_seen.record_login(_connection(""))
    await last_seen.flush()
    await run(device.refresh_from_db)
    assert device.last_seen_at is not None and device.address == "192.0.2.9"
    assert await run(lambda: Device.objects.get().app.number) == 901  # type: ignore[union-attr]


async def test_uses_that_cannot_be_written_are_kept_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    device = await run(_device)
    monkeypatch.setattr(last_seen, "_pending", {})
    monkeypatch.setattr(devices, "_recorded", {})
    last_seen.record_login(_connection("token:1"))
    last_seen.record_use("token:1", address="192.0.2.10")

    def fail(uses: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(last_seen, "devices_record_use", fail)
        with pytest.raises(OperationalError):
            await last_seen.flush()
    last_seen.record_use("token:1")
    await last_seen.flush()
    await run(device.refresh_from_db)
    assert device.last_seen_at is not None and device.address == "192.0.2.10"
    assert await run(lambda: Device.objects.get().app.number) == 901  # type: ignore[union-attr]


async def test_credentials_of_open_connections_are_in_use() -> None:
    device = await run(_device)
    before = timezone.now() - timedelta(hours=1)
    await run(lambda: Device.objects.update(last_seen_at=before))
    silent, gone = _connection("token:2"), _connection("token:3")
    silent.last_seen_at = time.monotonic() - 900
    gone.is_attached = False
    used = last_seen.active_credentials([_connection("token:1"), silent, gone], time.monotonic() - 300)
    assert used == {"token:1"}
    await run(devices_touch, used)
    await run(device.refresh_from_db)
    assert device.last_seen_at is not None and device.last_seen_at > before
