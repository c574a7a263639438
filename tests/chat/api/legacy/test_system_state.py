"""The system state shows operators the work of a process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client

from accounts.actions import guest_create
from accounts.models import App, User
from delivery.hub.connection import Connection
from tests.chat.api.conftest import LiveHub, get

COUNTS = {"clientsLen", "usersLen", "chanRegisterLen", "chanLoginLen", "chanUnregisterLen", "chanBroadcastLen"}


def state(**fields: str) -> dict[str, Any]:
    data: dict[str, Any] = get(Client(), "/system/state", **fields)["data"]
    assert set(data) == {"numGoroutine", "numCPU", "managerInfo"}
    return data


def test_connections_and_users_are_counted(live_hub: LiveHub, alice: User, web: App, ios: App) -> None:
    for user, app in [(alice, web), (alice, web), (alice, ios), (guest_create(name="夏圭？"), web)]:
        live_hub.log_in(user, app)
    visitor = Connection(
        codec="json", address="192.0.2.7", ticker=live_hub.hub.ticker, on_close=lambda code, reason: None
    )
    live_hub.hub.add(visitor)
    data = state()
    assert data["numCPU"] >= 1
    manager = data["managerInfo"]
    assert set(manager) == COUNTS
    assert (manager["clientsLen"], manager["usersLen"], manager["chanLoginLen"]) == (5, 3, 0)
    live_hub.hub.remove(visitor)


def test_tasks_of_the_event_loop_are_counted(live_hub: LiveHub) -> None:
    async def begin() -> asyncio.Task[Any]:
        return asyncio.create_task(asyncio.Event().wait())

    before = state()["numGoroutine"]
    task = live_hub.call(begin())
    assert state()["numGoroutine"] == before + 1
    live_hub.hub.call_soon(task.cancel)


def test_debug_lists_clients_and_users(live_hub: LiveHub, alice: User, web: App, ios: App) -> None:
    live_hub.log_in(alice, ios, "192.0.2.8")
    live_hub.log_in(guest_create(name="夏圭？"), web, "192.0.2.9")
    manager = state(isDebug="true")["managerInfo"]
    assert manager["clients"] == ["192.0.2.8", "192.0.2.9"]
    assert manager["users"] == ["101_夏圭？", "102_alice"]


@pytest.mark.parametrize("value", ["", "false", "0"])
@pytest.mark.usefixtures("live_hub")
def test_users_are_not_named_without_debug(value: str) -> None:
    assert set(state(isDebug=value)["managerInfo"]) == COUNTS


@pytest.mark.usefixtures("db")
def test_a_process_without_connections_reports_zeros() -> None:
    assert state()["numGoroutine"] == 0
    assert state(isDebug="true")["managerInfo"].items() >= {"clientsLen": 0, "clients": [], "users": []}.items()
