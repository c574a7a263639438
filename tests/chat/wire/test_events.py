"""The registry of events has stored and public names, which are unique, fit their columns and never change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from chat.models import Webhook
from chat.wire.schema import events
from chat.wire.schema.event_kind import EventKind, WebhookEvent
from chat.wire.schema.events import EVENTS, SUBSCRIPTIONS, WEBHOOK_EVENTS
from delivery.models import Event

STORED_KINDS = (
    "msg message.edited message.recalled message.pinned message.unpinned channel.note restriction friend.requested"
    " friend.accepted friend.removed person.blocked person.unblocked person.changed person.online person.offline"
    " presence.reset revocation message.expired"
).split()
"""Kinds in the event logs of running sites."""
STORED_SUBSCRIPTIONS = (
    "message.sent message.edited message.recalled member.joined member.left person.online person.offline"
).split()
"""Subscriptions in the webhooks of running sites."""
SOURCES = [
    path
    for package in ("accounts", "chat", "delivery", "imsite")
    for path in (Path(settings.BASE_DIR) / package).rglob("*.py")
    if "migrations" not in path.parts
]
# The client is a separate program, and the examples in the documentation show the wire format.
EXCEPTED = {"imsite/client", "imsite/bots", "imsite/api_docs/openapi.py", "chat/api/v1", "chat/wire/schema/events.py"}


def test_a_name_is_declared_once() -> None:
    kinds = [value for value in vars(events).values() if isinstance(value, EventKind)]
    assert len(kinds) == len(EVENTS)
    sent = [event for kind in kinds for event in kind.webhooks]
    sent += [value for value in vars(events).values() if isinstance(value, WebhookEvent)]
    assert len(sent) == len(WEBHOOK_EVENTS)


def test_stored_names_never_change() -> None:
    assert set(STORED_KINDS) <= {kind.name for kind in EVENTS.values() if kind.is_logged}
    assert set(STORED_SUBSCRIPTIONS) <= set(SUBSCRIPTIONS)


def test_names_fit_their_columns() -> None:
    assert max(map(len, EVENTS)) <= (Event._meta.get_field("kind").max_length or 0)
    assert len(",".join(SUBSCRIPTIONS)) <= (Webhook._meta.get_field("events").max_length or 0)


def test_a_webhook_event_without_a_subscription_follows_others() -> None:
    for event in WEBHOOK_EVENTS.values():
        assert set(event.subscribed_by) <= set(SUBSCRIPTIONS)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.name)
def test_a_kind_is_consistent(kind: EventKind) -> None:
    assert kind.is_logged or not (kind.webhooks or kind.is_indexed or kind.is_history_note), "these read the log"


@pytest.mark.parametrize("name", [name for name in EVENTS if "." in name])
def test_no_other_module_spells_out_a_kind(name: str) -> None:
    """Modules use the registry's constants. A command may have the name of an event."""
    literal = re.compile(rf"""(?<!command\()["']{re.escape(name)}["']""")
    root = Path(settings.BASE_DIR)
    found = [
        path.relative_to(root).as_posix()
        for path in SOURCES
        if literal.search(path.read_text(encoding="utf-8"))
        and not any(path.relative_to(root).as_posix().startswith(one) for one in EXCEPTED)
    ]
    assert not found
