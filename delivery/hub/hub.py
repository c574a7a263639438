"""The hub: one per process. It follows the log strictly in order and passes each event to whom it concerns here.

All of it runs on the process's event loop; only `offer` may be called from other threads. The membership it delivers by
is that of its own position in the log (the watermark), so a join or leave takes effect exactly at its event.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError

from delivery import log, metrics
from delivery.db.executors import run, run_priority
from delivery.hub.audience import Audience
from delivery.hub.connection import Connection
from delivery.hub.encoders import encoders
from delivery.hub.outbox import Frame, Ticker
from delivery.hub.receipts import RECEIPT, Receipts
from delivery.log import Entry, MembershipInterval
from delivery.presence.base import Presence
from delivery.presence.memory import MemoryPresence

logger = logging.getLogger(__name__)

MembershipLoader = Callable[[], Sequence[MembershipInterval] | None]

AHEAD = 20_000
"""Positions ahead of the watermark that are kept: some tens of megabytes, should the log not be readable for long."""
READ_PAGE = 500
"""Entries in one read of the log."""
RECONNECTS_PER_SECOND = 500
"""Clients a second that may well come back at once."""
HOLE_PATIENCE = 0.1
"""Seconds to wait for the announcement of a position that is missing, before reading the log: longer than a relay
gathers (`relay.PACE`), or each gathering would cost a read."""


class CredentialEnded(Exception):
    """The credential ended while its connection was being attached."""


class Hub:
    """Follows the log, knows the local connections, delivers."""

    def __init__(self, presence: Presence | None = None) -> None:
        self.presence: Presence = presence or MemoryPresence()
        self.ticker = Ticker(settings.IM_OUTBOX_WINDOW_SECONDS)
        self.watermark = 0
        self.connections: dict[str, Connection] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self.audience = Audience()
        self.receipts = Receipts()
        self._pending: dict[int, Entry] = {}
        self._announced: dict[int, Entry] = {}
        """Entries that other nodes have told of without their bodies."""
        self._news = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take the log's head as the watermark and begin to follow."""
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self.watermark = await run_priority(log.head)
        metrics.watch_connections(self.connections)
        self._follower = asyncio.create_task(self._follow(), name="hub")

    async def stop(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
            self._follower = None

    @property
    def following(self) -> bool:
        """Whether it follows the log."""
        return self._follower is not None and not self._follower.done()

    # -- the log --------------------------------------------------------------------------------------------------

    def offer(self, entries: Sequence[Entry]) -> None:
        """Committed entries, in any order, from any thread, any number of times."""
        if threading.get_ident() == self._thread:
            self._take(entries)
        else:
            self.soon(self._take, entries)

    def soon(self, function: Callable[..., None], *args: object) -> None:
        """Have the hub's loop call the function, from any thread."""
        if self.loop is not None:
            try:
                self.loop.call_soon_threadsafe(function, *args)
            except RuntimeError:  # The loop has closed: the process ends, and the log keeps what has been committed.
                logger.info("announced_after_stop")

    def announce(self, entries: Sequence[Entry]) -> None:
        """Committed entries of other nodes, without their bodies: those that concern nobody here need none."""
        self._keep(self._announced, entries)
        self._advance()

    def _take(self, entries: Sequence[Entry]) -> None:
        self._keep(self._pending, entries)
        self._advance()

    def _keep(self, place: dict[int, Entry], entries: Sequence[Entry]) -> None:
        for entry in entries:
            # What lies too far ahead would only take room: the log has it when its time comes.
            if self.watermark < entry.position <= self.watermark + AHEAD:
                place[entry.position] = entry

    def _advance(self) -> None:
        """Pass what is next, as far as it is here."""
        pending, announced = self._pending, self._announced
        while True:
            position = self.watermark + 1
            entry = pending.pop(position, None)
            if entry is None:
                entry = announced.get(position)
                if entry is None or self.audience.concerns(entry):
                    break
            announced.pop(position, None)
            self._deliver_next(entry)
        if pending or announced:
            self._news.set()

    async def _follow(self) -> None:
        """Read the log where announcements leave a hole, or when nothing was heard for a while."""
        while True:
            before = self.watermark
            try:
                # Not wait_for: on Python 3.11 it swallows a cancel that meets the news, and `stop` would wait for ever.
                async with asyncio.timeout(settings.IM_EVENT_LOG_POLL_INTERVAL):
                    await self._news.wait()
                self._news.clear()
                before = self.watermark
                await asyncio.sleep(HOLE_PATIENCE)
                if self.watermark != before:
                    # That hole has closed; if there is another, it gets its own time.
                    self._advance()
                    continue
            except TimeoutError:
                if self.watermark != before:
                    continue
            self._news.clear()
            try:
                await self._catch_up()
            except DatabaseError as error:
                logger.warning("event_log_read_failed", extra={"error": str(error)})
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)
                self._news.set()
            except Exception:
                logger.exception("hub_fault")
                await asyncio.sleep(settings.IM_EVENT_LOG_POLL_INTERVAL)

    async def _catch_up(self) -> None:
        passed = self.watermark
        head = await run_priority(log.head)
        # Unless another call has seen it first.
        if head < passed <= self.watermark:
            self._rewind(head)
        while self.watermark < head:
            entries = await run_priority(log.read, self.watermark, READ_PAGE)
            for entry in entries:
                # What came by announcement meanwhile has been passed already.
                if entry.position > self.watermark:
                    if self.audience.concerns(entry):
                        metrics.LOG_CATCHUP_EVENTS.inc()
                    self._deliver_next(entry)
            if len(entries) < READ_PAGE:
                # Positions up to the head that are not there were cut by retention, or skipped after a restore.
                self.watermark = max(self.watermark, head)
        for place in (self._pending, self._announced):
            for position in [position for position in place if position <= self.watermark]:
                del place[position]
        self._advance()

    def _rewind(self, head: int) -> None:
        """The database has forgotten what was passed: a replica that lagged took over, or a backup was played back.

        Its positions are given a second time. Who logs in with one that is ahead of the log reads everything anew.
        """
        logger.error("event_log_rewound", extra={"position": head, "count": self.watermark - head})
        self.watermark = head
        self._pending.clear()
        self._announced.clear()
        for number, connection in enumerate(list(self.connections.values())):
            connection.drain(1012, f"retry in {number / RECONNECTS_PER_SECOND:.1f}s")

    async def catch_up_to(self, position: int) -> None:
        """See that the hub has passed `position`, if there is such a one: another node may have told of it first."""
        if position > self.watermark:
            await self._catch_up()

    def _deliver_next(self, entry: Entry) -> None:
        """Deliver the next entry of the log."""
        self.watermark = entry.position
        if entry.header:
            self.audience.joins(entry)
        try:
            self._deliver(entry)
        except Exception:
            # One event that cannot be shown must not stop all that come after it.
            logger.exception("event_undeliverable", extra={"position": entry.position, "kind": entry.kind})
        if entry.header:
            self.audience.leaves(entry)
            self.audience.revocations(entry)

    def deliver_transient(self, entry: Entry, skip: Connection | None = None) -> None:
        """Push something that is in no log. On the loop only."""
        self._deliver(entry, skip)

    # -- delivery -------------------------------------------------------------------------------------------------

    def _deliver(self, entry: Entry, skip: Connection | None = None) -> None:
        frames: dict[str, Frame | None] = {}
        if entry.origin:
            connection_id, _, number = entry.origin.partition(".")
            if (skip := self.connections.get(connection_id)) is not None:
                skip.passed(int(number))
        delivered = 0
        for connection in self.audience.concerned(entry):
            if connection is skip or connection.closing:
                continue
            codec = connection.codec
            if codec not in frames:
                frames[codec] = encoders[codec](entry)
            frame = frames[codec]
            if frame is not None:
                delivered += 1
                connection.push(frame, entry.position)
        metrics.PUSHES_IN.inc()
        metrics.PUSHES_OUT.inc(delivered)
        if entry.header and RECEIPT in entry.header and entry.position:
            got = [one for one in self.audience.concerned(entry) if one is not skip and not one.closing]
            self.receipts.count(entry, got)

    # -- connections ----------------------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """A connection that nobody has logged in on yet."""
        self.connections[connection.id] = connection

    async def attach(self, connection: Connection, reply: int, standing: MembershipLoader) -> int:
        """Deliver to this connection from here on, pushes behind reply number `reply`; returns the position.

        `person`, `name`, `app`, `credential` and `channels` of the connection have been set. `standing` reads, in a
        database thread, all stays of the person, or gives None if the credential no longer holds: then CredentialEnded
        is raised. The person is registered before that, so that nothing falls between: what the hub passes meanwhile
        is applied to what was read.
        """
        person = self.audience.register(connection)
        try:
            stays = await run(standing)
        except BaseException:
            self.audience.forget(connection)
            raise
        if stays is None or connection.closing:
            self.audience.forget(connection)
            raise CredentialEnded
        # From here to the end nothing is awaited: the audience is that of this very position.
        person.set_memberships(stays)
        self.audience.enter(connection, person, self.watermark)
        connection.since = self.watermark
        connection.hold(reply)
        self.presence.connect(person.id, connection.name, connection.app)
        return self.watermark

    def fetched(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """The client has fetched these entries of the log, in order; what came after its log-in it was pushed."""
        for entry in entries:
            if entry.header and RECEIPT in entry.header and connection.fetched < entry.position <= connection.since:
                self.receipts.count(entry, (connection,))
        if entries:
            connection.fetched = max(connection.fetched, entries[-1].position)

    def remove(self, connection: Connection) -> None:
        """The connection has gone."""
        self.connections.pop(connection.id, None)
        if connection.attached and connection.person is not None:
            connection.attached = False
            self.presence.disconnect(connection.person, connection.app)
        self.audience.forget(connection)

    def connection_count(self, person: int) -> int:
        """The person's connections on this node, those counted too whose log-in is under way."""
        known = self.audience.persons.get(person)
        return len(known.connections) if known is not None else 0

    def person_connections(self, person: int) -> list[Connection]:
        """The person's connections on this node that have logged in."""
        return self.audience.connections_of(person)
