"""The hub, one per process: follows the event log strictly in order and delivers each event to its connections.

It runs on the process's event loop; only `receive` and `call_soon` may be called from other threads. It uses the
memberships at its own position in the log (the watermark), so a join or leave takes effect exactly at its event.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from django.conf import settings
from django.db import DatabaseError

from delivery import log, lost_positions, metrics
from delivery.db.executors import run_priority
from delivery.hub.audience import Audience
from delivery.hub.connection import Connection
from delivery.hub.fan_out import FanOut
from delivery.hub.media_loaders import read_with_media
from delivery.hub.receipts import RECEIPT, ReceiptCounter
from delivery.hub.revocations import revocation_listeners
from delivery.hub.ticker import Ticker
from delivery.log import Entry, MembershipInterval
from delivery.log_throttle import log_recovery
from delivery.lost_positions import SKIPPED_POSITIONS, Lost, last_kept_position
from delivery.presence.activity import Activity, MemoryActivity
from delivery.presence.base import Presence
from delivery.presence.idle_connections import IdleConnections
from delivery.presence.memory import MemoryPresence

logger = logging.getLogger(__name__)

MAX_POSITIONS_AHEAD = 20_000
"""Positions ahead of the watermark for which events are kept: tens of megabytes if the log cannot be read for long."""
READ_PAGE_SIZE = 500
RECONNECTS_PER_SECOND = 500
GAP_TIMEOUT_SECONDS = 0.1
"""Seconds that the hub waits for the announcement of a missing position before it reads the log.

Longer than a relay's `SEND_INTERVAL_SECONDS`: otherwise each of its batches would cost a read.
"""


class CredentialRevoked(Exception):
    """The credential was revoked while its connection was being attached."""


class Hub:
    """Follows the log, holds the connections of this process, and delivers events to them."""

    def __init__(self, presence: Presence | None = None) -> None:
        self.presence: Presence = presence or MemoryPresence()
        self.activity: Activity = MemoryActivity()
        self.idle_connections = IdleConnections(self._set_away)
        self.ticker = Ticker(settings.IM_OUTBOX_WINDOW_SECONDS, settings.IM_OUTBOX_MAX_WINDOW_SECONDS)
        self.watermark = 0
        """The position up to which every event has been delivered."""
        self.rewinds = 0
        """The times that the log has lost events. Each time, it assigns positions again."""
        self._lost_ranges: Sequence[Lost] = ()
        self.connections: dict[str, Connection] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self.audience = Audience()
        self._fan_out = FanOut(self.audience, self.ticker)
        self.receipts = ReceiptCounter()
        self._received: dict[int, Entry] = {}
        """Events ahead of the watermark, by position."""
        self._announced: dict[int, Entry] = {}
        """Announcements of events ahead of the watermark, by position: entries from other nodes without bodies."""
        self._has_news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the head of the log as the watermark and begin to follow the log."""
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self.watermark = await run_priority(log.head)
        self._lost_ranges = await run_priority(lost_positions.read_lost_ranges)
        metrics.watch_connections(self.connections, settings.IM_MAX_CONNECTIONS)
        self._follower = asyncio.create_task(self._follow_log(), name="hub")

    async def stop(self) -> None:
        self.idle_connections.stop()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
            self._follower = None

    @property
    def is_following(self) -> bool:
        """Return whether the hub's task reads the log: from `start` to `stop`, unless the task has failed."""
        return self._follower is not None and not self._follower.done()

    # -- following the log ----------------------------------------------------------------------------------------

    def receive(self, entries: Sequence[Entry]) -> None:
        """Accept committed events: in any order, from any thread, and repeatedly."""
        if threading.get_ident() == self._thread:
            self._receive_on_loop(entries)
        else:
            self.call_soon(self._receive_on_loop, entries)

    def call_soon(self, function: Callable[..., None], *args: object) -> None:
        """Call the function on the hub's event loop, from any thread."""
        if self.loop is not None:
            try:
                self.loop.call_soon_threadsafe(function, *args)
            except RuntimeError:  # The loop has closed: the process ends, and the log has what was committed.
                logger.info("announced_after_stop")

    def receive_announcements(self, entries: Sequence[Entry]) -> None:
        """Accept committed events of other nodes without bodies, which events without an audience here do not need."""
        self._keep(self._announced, entries)
        self._deliver_ready()

    def _receive_on_loop(self, entries: Sequence[Entry]) -> None:
        self._keep(self._received, entries)
        self._deliver_ready()

    def _keep(self, kept: dict[int, Entry], entries: Sequence[Entry]) -> None:
        for entry in entries:
            # Events too far ahead would only use memory; the log has them when their turn comes.
            if self.watermark < entry.position <= self.watermark + MAX_POSITIONS_AHEAD:
                kept[entry.position] = entry

    def _deliver_ready(self) -> None:
        """Deliver the next events until one is missing."""
        received, announced = self._received, self._announced
        while True:
            position = self.watermark + 1
            entry = received.pop(position, None)
            if entry is None:
                entry = announced.get(position)
                if entry is None or self.audience.concerns(entry):
                    break
            announced.pop(position, None)
            self._deliver_next(entry)
        if received or announced:
            self._has_news.set()

    async def _follow_log(self) -> None:
        """Read the log when announcements leave a gap, and when none arrived for IM_EVENT_LOG_POLL_INTERVAL."""
        while True:
            before = self.watermark
            try:
                # No wait_for: on Python 3.11 it swallows a cancel that meets the event, and `stop` would wait for ever.
                async with asyncio.timeout(settings.IM_EVENT_LOG_POLL_INTERVAL):
                    await self._has_news.wait()
                self._has_news.clear()
                before = self.watermark
                await asyncio.sleep(GAP_TIMEOUT_SECONDS)
                if self.watermark != before:
                    # That gap has closed. If there is another one, it gets its own time.
                    self._deliver_ready()
                    continue
            except TimeoutError:
                if self.watermark != before:
                    continue
            self._has_news.clear()
            try:
                await self._catch_up()
            except DatabaseError as error:
                logger.warning("event_log_read_failed", extra={"error": str(error)})
                metrics.DATABASE_AWAY.set(1)
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)
                self._has_news.set()
            except Exception:
                logger.exception("hub_error")
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)
            else:
                log_recovery(logger, "event_log_read_failed")
                metrics.DATABASE_AWAY.set(0)

    async def _catch_up(self) -> None:
        """Deliver everything up to the head of the log."""
        delivered = self.watermark
        head = await run_priority(log.head)
        # Unless another call has rewound first.
        if head < delivered <= self.watermark:
            self._rewind(head)
        elif head - delivered >= SKIPPED_POSITIONS:
            self._lost_ranges = await run_priority(lost_positions.read_lost_ranges)
            if self.has_lost(self.watermark):
                self._rewind(head)
        while self.watermark < head:
            entries = await run_priority(read_with_media, self.watermark, READ_PAGE_SIZE)
            for entry in entries:
                # Events that were announced in the meantime have been delivered.
                if entry.position > self.watermark:
                    if self.audience.concerns(entry):
                        metrics.LOG_CATCHUP_EVENTS.inc()
                    self._deliver_next(entry)
            if len(entries) < READ_PAGE_SIZE:
                # Missing positions up to the head were removed by retention, or skipped after a restore.
                self.watermark = max(self.watermark, head)
        for kept in (self._received, self._announced):
            for position in [position for position in kept if position <= self.watermark]:
                del kept[position]
        self._deliver_ready()

    def _rewind(self, head: int) -> None:
        """Move the watermark to the head of a log that has lost events, by a failover or a restore.

        Unless they are skipped, their positions are assigned a second time. A client that logs in with a position
        beyond the head, or with a skipped one, must reset.
        """
        logger.error("event_log_rewound", extra={"position": head, "count": abs(self.watermark - head)})
        self.watermark = head
        self.rewinds += 1
        self._received.clear()
        self._announced.clear()
        for number, connection in enumerate(list(self.connections.values())):
            connection.drain(1012, f"retry in {number / RECONNECTS_PER_SECOND:.1f}s")

    def has_lost(self, position: int) -> bool:
        """Return whether a client with this position may have events that the database has lost."""
        return self.last_kept(position) < position

    def last_kept(self, position: int) -> int:
        """Return the position; if its event was lost by a restored database, the last one that was kept."""
        return last_kept_position(position, self._lost_ranges)

    async def catch_up_to(self, position: int) -> None:
        """Deliver up to `position`, if the log has it. A client may have received the position from another node."""
        if position > self.watermark:
            await self._catch_up()

    # -- delivery -------------------------------------------------------------------------------------------------

    def _deliver_next(self, entry: Entry) -> None:
        """Deliver one event, which must be the next of the log."""
        self.watermark = entry.position
        if entry.header:
            self.audience.apply_joins(entry)
        try:
            self._deliver(entry)
        except Exception:
            # An event that cannot be encoded must not stop those after it.
            logger.exception("event_undeliverable", extra={"position": entry.position, "kind": entry.kind})
        if entry.header:
            self.audience.apply_leaves(entry)
            self.audience.close_revoked(entry)
            self.audience.record(entry)
            if "revoke" in entry.header:
                for listener in revocation_listeners:
                    listener(entry)

    def deliver_transient(self, entry: Entry, skip: Connection | None = None) -> None:
        """Push an event that is not in the log. On the event loop only."""
        if log.ACTIVITY in entry.header:
            self._fan_out.deliver_activity(entry)
        else:
            self._deliver(entry, skip)

    def _deliver(self, entry: Entry, skip: Connection | None = None) -> None:
        if entry.origin:
            connection_id, _, number = entry.origin.partition(".")
            if (skip := self.connections.get(connection_id)) is not None:
                skip.reach_event(int(number))
        self._fan_out.deliver(entry, skip)
        if entry.header and RECEIPT in entry.header and entry.position:
            reached = [
                receiver
                for receiver in self.audience.recipients(entry)
                if receiver is not skip and not receiver.is_closing
            ]
            self.receipts.count(entry, reached)

    # -- connections ----------------------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """Add a connection that has not logged in yet."""
        self.connections[connection.id] = connection

    def register(
        self, connection: Connection, memberships: Iterable[MembershipInterval], changes: Sequence[Entry] = ()
    ) -> None:
        """Follow the memberships and revocations of a connection that is about to be attached.

        Its `user_id`, `name`, `app`, `credential` and `channels` must be set. `memberships` are all intervals of its
        user. These, and the credential, must have been read inside `audience.record_changes`, whose list is `changes`.
        Raise CredentialRevoked if the credential was revoked meanwhile, or the connection has ended.
        """
        if not connection.is_closing:
            self.audience.register(connection, memberships, changes)
        self._require_open(connection)

    def attach(self, connection: Connection, reply: int) -> int:
        """Deliver to a registered connection from now on, with pushes after reply number `reply`.

        Return the hub's position. Raise CredentialRevoked if the credential has been revoked.
        """
        self._require_open(connection)
        assert connection.user_id is not None
        self.audience.attach(connection, self.watermark)
        connection.attached_position = self.watermark
        connection.hold_pushes(reply)
        self.presence.connect(connection.user_id, connection.name, connection.app)
        return self.watermark

    def unregister(self, connection: Connection) -> None:
        """Forget a connection that could not be attached. It may log in again."""
        self.audience.remove(connection)
        connection.user_id = None

    def _require_open(self, connection: Connection) -> None:
        if connection.is_closing:
            self.unregister(connection)
            raise CredentialRevoked

    def count_fetched(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Count receipts of events that the client has fetched, in log order.

        Events after its log-in were counted as pushes.
        """
        for entry in entries:
            is_new = connection.fetched_position < entry.position <= connection.attached_position
            if entry.header and RECEIPT in entry.header and is_new:
                self.receipts.count(entry, (connection,))
        if entries:
            connection.fetched_position = max(connection.fetched_position, entries[-1].position)

    def remove(self, connection: Connection) -> None:
        """Remove a connection that has ended."""
        self.connections.pop(connection.id, None)
        if connection.is_attached and connection.user_id is not None:
            connection.is_attached = False
            was_away = self.idle_connections.forget(connection.id)
            self.presence.disconnect(connection.user_id, connection.app, was_away=was_away)
        self.audience.remove(connection)

    def _set_away(self, user_id: int, is_away: bool) -> None:
        self.presence.set_away(user_id, is_away=is_away)

    def connection_count(self, user_id: int) -> int:
        """Return the number of the user's connections to this node, including those that are logging in."""
        user = self.audience.users.get(user_id)
        return len(user.connections) if user is not None else 0

    def connections_of(self, user_id: int) -> list[Connection]:
        """Return the user's connections to this node that have logged in."""
        return self.audience.connections_of(user_id)
