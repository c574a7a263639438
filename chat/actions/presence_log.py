"""Writes users coming online and going offline to the event log, for webhooks that subscribe to it.

Connected clients are told by `chat.actions.presence_broadcast` instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from django.db import DatabaseError

from chat import payloads, selectors
from chat.selectors.presence_events import has_presence_webhook
from chat.wire.schema.events import PERSON_OFFLINE, PERSON_ONLINE, PRESENCE_RESET, EventKind
from delivery import log, publish
from delivery.db.executors import run
from delivery.db.transactions import write
from delivery.log import Entry
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

EVENTS_PER_TRANSACTION = 500
"""Events stored in one transaction."""
MAX_PENDING_EVENTS = 100_000
"""The most events that wait while the database is away; beyond that the oldest are dropped."""
SUBSCRIPTION_CACHE_SECONDS = 1.0
"""Seconds for which the answer "a webhook subscribes" is cached."""
RETRY_SECONDS = 1.0
"""Seconds between attempts to store events."""
STOP_TIMEOUT_SECONDS = 2.0
"""Seconds that a stopping node spends on storing what is pending."""


class PresenceLog:
    """Stores the changes that the presence reports, in order and at least once. Used on the node's event loop."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._noticed: list[tuple[EventKind, int, int]] = []
        self._storing: asyncio.Task[None] | None = None
        self._wanted = False
        self._asked = -SUBSCRIPTION_CACHE_SECONDS

    def came(self, person: int, app: int) -> None:
        self._notice(PERSON_ONLINE, person, app)

    def went(self, person: int, app: int) -> None:
        self._notice(PERSON_OFFLINE, person, app)

    def began(self) -> None:
        """Record that the site has just started and nobody is online."""
        self._notice(PRESENCE_RESET, 0, 0)

    async def stop(self) -> None:
        """Store pending events, for at most STOP_TIMEOUT_SECONDS."""
        if self._storing is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                    await asyncio.wait([self._storing])
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)

    def _notice(self, kind: EventKind, person: int, app: int) -> None:
        self._noticed.append((kind, person, app))
        if len(self._noticed) > MAX_PENDING_EVENTS:
            del self._noticed[0]
            logger.warning("presence_log_overflowed")
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store(), name="presence log")

    async def _store(self) -> None:
        while self._noticed:
            noticed = self._noticed[:EVENTS_PER_TRANSACTION]
            try:
                if await self._is_wanted():
                    await run(_append_events, await self._true(noticed))
            except DatabaseError as error:
                logger.warning(
                    "presence_log_write_failed", extra={"count": len(noticed), "error": type(error).__name__}
                )
                await asyncio.sleep(RETRY_SECONDS)
                continue
            del self._noticed[: len(noticed)]

    async def _is_wanted(self) -> bool:
        if time.monotonic() - self._asked >= SUBSCRIPTION_CACHE_SECONDS:
            self._wanted = await run(has_presence_webhook)
            self._asked = time.monotonic()
        return self._wanted

    async def _true(self, noticed: list[tuple[EventKind, int, int]]) -> list[tuple[EventKind, int, int]]:
        """Drop offline events of users who are online again: another node may have stored their online event already."""
        gone: dict[int, set[int]] = {}
        for kind, person, app in noticed:
            if kind is PERSON_OFFLINE:
                gone.setdefault(app, set()).add(person)
        back: set[tuple[int, int]] = set()
        for app, persons in gone.items():
            back |= {(person, app) for person in await self._presence.online(sorted(persons), app)}
        return [
            (kind, person, app)
            for kind, person, app in noticed
            if kind is not PERSON_OFFLINE or (person, app) not in back
        ]


def _append_events(noticed: list[tuple[EventKind, int, int]]) -> None:
    found = selectors.users_by_ids({person for _, person, _ in noticed if person})
    # Users who hide their presence are left out here too.
    people = {pk: user for pk, user in found.items() if user.shares_presence}
    entries = [
        Entry(kind=kind.name, body=payloads.person(people[person]) | {"appId": app} if person else {})
        for kind, person, app in noticed
        if person in people or not person
    ]
    if entries:
        with write():
            publish.after_commit(log.append(entries))
