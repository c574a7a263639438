"""Publishes committed events to this process's hub and to the other nodes, and sends pushes that are not in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from django.db import transaction

from delivery import event_loop, log
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.log import Entry


class EventRelay(Protocol):
    """Sends events to the other nodes."""

    def offer(self, entry: Entry) -> None:
        """Send a transient push soon, or drop it if others wait. Never waits, never fails. Event loop only."""

    def send(self, entries: Sequence[Entry]) -> None:
        """Send committed events and transient pushes soon. Never waits, never fails. Event loop only."""


_hub: Hub | None = None
_relay: EventRelay | None = None
_observer: Callable[[Sequence[Entry]], None] | None = None


def observe_commits(observer: Callable[[Sequence[Entry]], None] | None) -> None:
    """Pass all events that this process commits to `observer`, which must be quick and thread-safe. None ends it."""
    global _observer
    _observer = observer


def configure(hub: Hub | None, relay: EventRelay | None = None) -> None:
    """Publish to this hub, which must have started, and through the relay to the other nodes.

    With None for both, nothing is published, and every node reads committed events from the log.
    """
    global _hub, _relay
    _hub, _relay = hub, relay
    event_loop.set_loop(hub.loop if hub is not None else None)


def hub() -> Hub:
    """Return this process's hub. Raises RuntimeError in a process that has none."""
    if _hub is None:
        raise RuntimeError("No hub runs in this process.")
    return _hub


def is_running() -> bool:
    """Return whether this process has a hub."""
    return _hub is not None


def publish_committed(entries: Sequence[Entry]) -> None:
    """Publish events whose transaction has committed. Thread-safe."""
    if _hub is not None and entries:
        _hub.receive(entries)
        if _relay is not None:
            _hub.call_soon(_relay.send, entries)
        if _observer is not None:
            _observer(entries)


def after_commit(entries: Sequence[Entry]) -> None:
    """Publish the events once the open transaction has committed; nothing if it rolls back."""
    transaction.on_commit(lambda: publish_committed(entries))


def push_transient(entry: Entry, skip: Connection | None = None) -> None:
    """Push an event that is not in the log, at most once, to its audience on all nodes but not to `skip`.

    Thread-safe.
    """
    if _hub is not None:
        _hub.call_soon(_hub.deliver_transient, entry, skip)
        if _relay is not None:
            _hub.call_soon(_relay.send, [entry])


def push_activity(entry: Entry) -> None:
    """Push what a user is doing, such as typing, to those of the audience who have asked for that (`log.ACTIVITY`).

    It is at most once, and dropped where it would have to wait, so that nothing else waits for it. Thread-safe.
    """
    if _hub is not None:
        entry.header[log.ACTIVITY] = True
        _hub.call_soon(_hub.deliver_transient, entry)
        if _relay is not None:
            _hub.call_soon(_relay.offer, entry)
