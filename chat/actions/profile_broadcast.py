"""Tells other users of a changed profile: one event for each group the user is in, and one for all contacts.

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
"""The most groups that are told, most recently active first. All their events are stored in one transaction."""
MAX_USERS = 2000
"""The most friends, and the most users of private channels, that are told. Others see the change with the next
message or list."""

_tasks: set[asyncio.Task[None]] = set()


def profile_change_events(
    *, user: User, body: dict[str, Any], group_ids: Sequence[int], known_user_ids: Sequence[int], **signal: Any
) -> list[Entry]:
    """Return the events for everyone except the user. After the commit, global channels are told as well."""
    between = blocked_pairs([user.pk]).get(user.pk, set())
    others = {*known_user_ids, *contact_ids(user.pk, MAX_USERS), *selectors.peer_ids_of(user.pk, MAX_USERS)} - between
    entries = [
        Entry(kind=PERSON_CHANGED.name, channel=group, body=body)
        for group in dict.fromkeys([*group_ids, *selectors.group_ids_of(user.pk, MAX_GROUPS)])
    ]
    if others:
        entries.append(Entry(kind=PERSON_CHANGED.name, user_ids=tuple(sorted(others)), body=body))
    hidden_from = [user.pk, *sorted(between)]
    rooms = {
        room.app.number: Entry(
            kind=PERSON_CHANGED.name, channel=room.pk, header={"skip": hidden_from}, body=body, time=log.now_ms()
        )
        for room in selectors.global_channels()
        if room.app is not None
    }
    transaction.on_commit(lambda: _broadcast_to_global_channels(rooms))
    return entries


def _broadcast_to_global_channels(rooms: Mapping[int, Entry]) -> None:
    """Push the change to the users online in small global channels."""
    if publish.is_running():
        publish.hub().call_soon(_start_broadcast, rooms)


def _start_broadcast(rooms: Mapping[int, Entry]) -> None:
    task = asyncio.get_running_loop().create_task(_broadcast(rooms), name="person changed")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _broadcast(rooms: Mapping[int, Entry]) -> None:
    presence = publish.hub().presence
    for app, entry in rooms.items():
        if await presence.count_online(app) <= settings.IM_PRESENCE_LIMIT:
            publish.push_transient(entry)
