"""The first page of the admin shows online users, today's messages and problems."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.db.models import F
from django.test import Client
from prometheus_client import Gauge

from accounts.actions import app_create
from accounts.models import User
from chat.admin import live_state, overview, queries
from chat.admin import nodes as nodes_page
from chat.models import Channel, Message
from delivery import metrics, publish
from delivery.hub.hub import Hub
from delivery.nodes.base import NodeInfo
from tests.support.operators import SCRIPT, send_message, staff_browser
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.fixture
def hub(db: None) -> Iterator[Hub]:
    """Run a hub on a loop in a thread of its own, as on the server; it follows no log."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Hub()
    made.loop = loop
    publish.configure(made)
    yield made
    publish.configure(None)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def move_messages_an_hour_on() -> None:
    """Let the messages be of the day that may begin during the test."""
    Message.objects.update(time=F("time") + 3_600_000)


def test_the_first_page_says_when_no_node_runs_here(operator: Client, db: None) -> None:
    html = operator.get("/admin/").content.decode()
    assert "No node runs in this process" in html and "Unknown" in html


def test_the_first_page_shows_who_is_online(operator: Client, hub: Hub, room: Channel, alice: User, bob: User) -> None:
    for app, person in ((101, alice), (101, alice), (101, bob), (102, bob)):
        hub.presence.connect(person.pk, f"{SCRIPT}{person.nickname}", app)
    app_create(number=102, name="iOS")
    send_message(alice, room, "hello")
    move_messages_an_hour_on()
    html = operator.get("/admin/").content.decode()
    assert '<span data-testid="online">2</span>' in html and "101 Web: 2" in html and "102 iOS: 1" in html
    assert '<span data-testid="today">1</span>' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;Alice</a>" in html and "<script>alert" not in html
    assert "errornote" not in html

    plain = staff_browser().get("/admin/").content.decode()
    assert '<span data-testid="online">2</span>' in plain and "Alice" not in plain


def test_the_first_page_warns_of_delayed_delivery(
    operator: Client, hub: Hub, alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.admin.live_state.MAX_LAG_EVENTS", 2)
    for text in ("one", "two", "three"):
        send_message(alice, group, text)
    assert "Delivery is 4 events behind" in operator.get("/admin/").content.decode()


def test_the_first_page_warns_of_a_blocked_event_loop(
    operator: Client, hub: Hub, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.loop is not None
    release = threading.Event()
    hub.loop.call_soon_threadsafe(release.wait)
    monkeypatch.setattr("chat.admin.live_state.LOOP_TIMEOUT_SECONDS", 0.05)
    try:
        assert "event loop has not responded" in operator.get("/admin/").content.decode()
    finally:
        release.set()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), hub.loop).result(TIMEOUT_SECONDS)


def test_messages_of_the_day_are_counted_up_to_a_limit(
    operator: Client, alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "three"):
        send_message(alice, group, text)
    move_messages_an_hour_on()
    Message.objects.filter(text="one").update(time=0)
    assert '<span data-testid="today">2</span>' in operator.get("/admin/").content.decode()
    for module in (queries, overview):
        monkeypatch.setattr(module, "MAX_COUNT", 2)
    assert '<span data-testid="today">2 or more</span>' in operator.get("/admin/").content.decode()


def test_faults_of_all_nodes_are_shown_by_node_and_in_total(
    operator: Client, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts come from the registry, so every node shows the same."""
    nodes = [
        NodeInfo("one", "one.example:7000", 1, 3, 2, {"errors": 4, "log_catchup_events": 1}),
        NodeInfo("two", "two.example:7000", 2, 5, 5, {"errors": 6}),
    ]
    seen = live_state.LiveState([], {}, 0, nodes, "two")
    monkeypatch.setattr(overview, "read_live_state", lambda warnings: seen)
    monkeypatch.setattr(nodes_page, "read_live_state", lambda warnings: seen)
    page = operator.get("/admin/")
    assert dict(page.context["health"])["Logged errors"] == 10
    assert dict(page.context["health"])["Events recovered from the log"] == 1
    assert "8 connections" in page.content.decode()
    html = operator.get("/admin/nodes/").content.decode()
    assert "two (this node)" in html and "Logged errors" in html
    assert [node.health for node in operator.get("/admin/nodes/").context["nodes"]] == [
        [4, 0, 0, 0, 1],
        [6, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("gauge", "warning"),
    [
        (metrics.REDIS_AWAY, "Redis does not respond"),
        (metrics.REPLICA_AWAY, "The replica of PostgreSQL cannot be used"),
    ],
    ids=["redis", "replica"],
)
def test_the_first_page_warns_of_what_does_not_answer(gauge: Gauge, warning: str, operator: Client, hub: Hub) -> None:
    assert warning not in operator.get("/admin/").content.decode()
    gauge.set(1)
    try:
        assert warning in operator.get("/admin/").content.decode()
    finally:
        gauge.set(0)
