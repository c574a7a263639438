"""The admin's first page: who is online, how much was said today, and what is wrong, as far as this process knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from accounts.selectors import apps_enabled
from chat.admin.reads import COUNTED, messages_since
from delivery import log, publish
from delivery.hub import Hub

LOOP_PATIENCE = 2.0
"""Seconds in which a healthy event loop answers."""
LAG = 1000
"""Events that may wait to be delivered before it is called a fault: a burst is none."""
NAMED = 30
"""People who are shown by name."""


@dataclass(frozen=True, slots=True)
class Online:
    """What one node has at a moment. `apps` are names with numbers of people."""

    apps: list[tuple[str, int]]
    people: dict[int, str]
    connections: int
    watermark: int


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The page's context: unfold calls this. Names are for those who may see people."""
    faults: list[str] = []
    online = _online(faults)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = messages_since(midnight)
    people = sorted(online.people.items(), key=lambda person: person[1])[:NAMED] if online is not None else []
    return context | {
        "title": "Overview",
        "faults": faults,
        "online": online,
        "people": people if request.user.has_perm("accounts.view_user") else [],
        "more": len(online.people) - len(people) if online is not None else 0,
        "today": f"{today} or more" if today == COUNTED else str(today),
    }


def _online(faults: list[str]) -> Online | None:
    """What this process's node says; None, and the reason among the faults, if it says nothing."""
    if not publish.running():
        faults.append("No node runs in this process, so who is online is not known here.")
        return None
    hub = publish.hub()
    apps = [(app.number, str(app)) for app in apps_enabled()]
    head = log.head()
    try:
        online = publish.ask(lambda: _look(hub, apps), LOOP_PATIENCE)
    except (TimeoutError, RuntimeError):
        faults.append(f"The node's event loop has not answered for {LOOP_PATIENCE:.0f} seconds.")
        return None
    if (lag := head - online.watermark) > LAG:
        faults.append(f"Delivery is {lag} events behind what is stored.")
    return online


async def _look(hub: Hub, apps: list[tuple[int, str]]) -> Online:
    here = [(name, await hub.presence.persons(number)) for number, name in apps]
    people = {person: name for _, persons in here for person, name in persons.items()}
    return Online([(name, len(persons)) for name, persons in here], people, len(hub.connections), hub.watermark)
