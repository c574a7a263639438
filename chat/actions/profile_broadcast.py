"""Publishes a changed profile to other users: one event for each group the user is in, and one for all contacts.

The cost grows with the number of groups, not with the number of their members.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs, contact_ids
from chat import selectors
from chat.wire.schema.events import PERSON_CHANGED
from delivery import log, publish
from delivery.log import Entry

MAX_GROUPS = 250
"""Groups that get the event, most recently active first. All events are stored in one transaction."""
MAX_USERS = 2000
"""Friends, and users of private channels, that get the event. Others see the change with the next message or list."""

_tasks: set[asyncio.Task[None]] = set()


def profile_change_events(
    *, user: User, body: dict[str, Any], group_ids: Sequence[int], known_user_ids: Sequence[int], **signal: Any
) -> list[Entry]:
    """Return the events for everyone except the user. After the commit, global channels get a push as well."""
    between = blocked_pairs([user.pk]).get(user.pk, set())
    others = {*known_user_ids, *contact_ids(user.pk, MAX_USERS), *selectors.peer_ids_of(user.pk, MAX_USERS)} - between
    entries = [
        Entry(kind=PERSON_CHANGED.name, channel=group, body=body)
        for group in dict.fromkeys([*group_ids, *selectors.group_ids_of(user.pk, MAX_GROUPS)])
    ]
    if others:
        entries.append(Entry(kind=PERSON_CHANGED.name, user_ids=tuple(sorted(others)), body=body))
    hidden_from = [user.pk, *sorted(between)]
    entries_by_app = {
        channel.app.number: Entry(
            kind=PERSON_CHANGED.name, channel=channel.pk, header={"skip": hidden_from}, body=body, time=log.now_ms()
        )
        for channel in selectors.global_channels()
        if channel.app is not None
    }
    transaction.on_commit(lambda: _broadcast_to_global_channels(entries_by_app))
    return entries


def _broadcast_to_global_channels(entries_by_app: Mapping[int, Entry]) -> None:
    """Push the change to the users online in small global channels."""
    if publish.is_running():
        publish.hub().call_soon(_start_broadcast, entries_by_app)


def _start_broadcast(entries_by_app: Mapping[int, Entry]) -> None:
    task = asyncio.get_running_loop().create_task(_broadcast(entries_by_app), name="person changed")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _broadcast(entries_by_app: Mapping[int, Entry]) -> None:
    presence = publish.hub().presence
    for app, entry in entries_by_app.items():
        if await presence.count_online(app) <= settings.IM_PRESENCE_LIMIT:
            publish.push_transient(entry)
