"""The hub: one per process. It follows the log strictly in order and passes each event to whom it concerns here.

All of it runs on the process's event loop; only `offer` may be called from other threads. The membership it delivers by
is that of its own position in the log (the watermark), so a join or leave takes effect exactly at its event.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import DatabaseError

from delivery import log, metrics
from delivery.connection import Connection
from delivery.encoders import encoders
from delivery.limits import Bucket
from delivery.log import Entry, Span
from delivery.outbox import Frame, Ticker
from delivery.presence import Presence
from delivery.presence_memory import MemoryPresence
from delivery.threads import run

logger = logging.getLogger(__name__)

Standing = Callable[[], Sequence[Span] | None]

AHEAD = 100_000
"""Positions ahead of the watermark that are kept."""
READ_PAGE = 500
"""Entries in one read of the log."""
HOLE_PATIENCE = 0.02
"""Seconds to wait for the announcement of a position that is missing, before reading the log."""


class CredentialEnded(Exception):
    """The credential ended while its connection was being attached."""


def _ignore(what: object) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class _Person:
    """A person with connections here. Until the stays are known, changes that pass are kept in `news`."""

    id: int
    connections: set[Connection] = field(default_factory=set)
    spans: list[Span] | None = None
    sends: Bucket = field(default_factory=lambda: Bucket(settings.IM_SEND_RATE, settings.IM_SEND_BURST))
    news: list[Entry] = field(default_factory=list)

    def attached(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.attached]

    def apply(self, entry: Entry) -> None:
        """Take a join or leave into the stays; one that is there already changes nothing."""
        assert self.spans is not None and entry.channel is not None
        position = entry.position
        for index, span in enumerate(self.spans):
            if span.channel == entry.channel:
                if span.from_position == position:
                    return
                left = self.id in entry.header.get("leave", ())
                if left and span.until_position is None and span.from_position < position:
                    self.spans[index] = replace(span, until_position=position)
                    return
        if self.id in entry.header.get("join", ()):
            self.spans.append(Span(entry.channel, position, direct="route" in entry.header))


class Hub:
    """Follows the log, knows the local connections, delivers."""

    def __init__(self, presence: Presence | None = None) -> None:
        self.presence: Presence = presence or MemoryPresence()
        self.ticker = Ticker(settings.IM_OUTBOX_WINDOW)
        self.watermark = 0
        self.connections: dict[str, Connection] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._persons: dict[int, _Person] = {}
        self._audience: dict[int, dict[Connection, None]] = {}
        self.on_serve: Callable[[int], None] = _ignore
        """Called when the first connection of a channel is here; not for those whose entries name their persons."""
        self.on_leave: Callable[[int], None] = _ignore
        """Called when the last one of a channel has gone."""
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
        self.watermark = await run(log.head)
        metrics.watch(self.connections)
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
                if entry is None or self._concerns(entry):
                    break
            announced.pop(position, None)
            self._pass(entry)
        if pending or announced:
            self._news.set()

    def _concerns(self, entry: Entry) -> bool:
        """Whether somebody here must hear of it, so that its body is needed."""
        if entry.channel is None:
            return any(person in self._persons for person in entry.persons)
        return entry.channel in self._audience or any(
            person in self._persons for person in entry.header.get("join", ())
        )

    async def _follow(self) -> None:
        """Read the log where announcements leave a hole, or when nothing was heard for a while."""
        while True:
            before = self.watermark
            try:
                # Not wait_for: on Python 3.11 it swallows a cancel that meets the news, and `stop` would wait for ever.
                async with asyncio.timeout(settings.IM_LOG_POLL):
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
                logger.warning("log_unreadable", extra={"error": str(error)})
                await asyncio.sleep(settings.IM_LOG_POLL)
                self._news.set()
            except Exception:
                logger.exception("hub_fault")
                await asyncio.sleep(settings.IM_LOG_POLL)

    async def _catch_up(self) -> None:
        head = await run(log.head)
        while self.watermark < head:
            entries = await run(log.read, self.watermark, READ_PAGE)
            for entry in entries:
                # What came by announcement meanwhile has been passed already.
                if entry.position > self.watermark:
                    if self._concerns(entry):
                        metrics.REPAIRS.inc()
                    self._pass(entry)
            if len(entries) < READ_PAGE:
                # Positions up to the head that are not there were cut by retention, or skipped after a restore.
                self.watermark = max(self.watermark, head)
        for place in (self._pending, self._announced):
            for position in [position for position in place if position <= self.watermark]:
                del place[position]
        self._advance()

    def _pass(self, entry: Entry) -> None:
        """Deliver the next entry of the log."""
        self.watermark = entry.position
        if entry.header:
            self._joins(entry)
        try:
            self._deliver(entry)
        except Exception:
            # One event that cannot be shown must not stop all that come after it.
            logger.exception("event_undeliverable", extra={"position": entry.position, "kind": entry.kind})
        if entry.header:
            self._leaves(entry)
            self._revocations(entry)

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
        for connection in self._concerned(entry):
            if connection is skip or connection.closing:
                continue
            codec = connection.codec
            if codec not in frames:
                frames[codec] = encoders[codec](entry)
            frame = frames[codec]
            if frame is not None:
                delivered += 1
                connection.push(frame)
        metrics.PUSHES_IN.inc()
        metrics.PUSHES_OUT.inc(delivered)

    def _concerned(self, entry: Entry) -> Iterable[Connection]:
        if entry.channel is not None:
            concerned: Iterable[Connection] = self._audience.get(entry.channel, ())
        else:
            concerned = [
                connection
                for person in entry.persons
                if (known := self._persons.get(person)) is not None
                for connection in known.attached()
            ]
        if entry.app is not None:
            concerned = [connection for connection in concerned if connection.app == entry.app]
        if skipped := entry.header.get("skip"):
            concerned = [connection for connection in concerned if connection.person not in skipped]
        if entry.subject is not None:
            concerned = [connection for connection in concerned if self._may_see(connection, entry)]
        return concerned if isinstance(concerned, list) else list(concerned)

    def _may_see(self, connection: Connection, entry: Entry) -> bool:
        if entry.channel in connection.channels or connection.person is None:
            return True
        spans = self._persons[connection.person].spans or ()
        return log.may_see([span for span in spans if span.channel == entry.channel], entry.position, entry.subject)

    def _joins(self, entry: Entry) -> None:
        for person in entry.header.get("join", ()):
            if (known := self._persons.get(person)) is not None:
                if known.spans is None:
                    known.news.append(entry)
                else:
                    known.apply(entry)
                    self._enlist(known.attached(), entry.channel, direct="route" in entry.header)

    def _leaves(self, entry: Entry) -> None:
        for person in entry.header.get("leave", ()):
            if (known := self._persons.get(person)) is not None:
                if known.spans is None:
                    known.news.append(entry)
                else:
                    known.apply(entry)
                    self._strike(known.connections, entry.channel)

    def _revocations(self, entry: Entry) -> None:
        if (revoke := entry.header.get("revoke")) is None:
            return
        only, keep = revoke.get("credential"), revoke.get("except")
        for person in entry.persons:
            if (known := self._persons.get(person)) is None:
                continue
            for connection in list(known.connections):
                if (only is None or connection.credential == only) and connection.credential != keep:
                    connection.close(4001, "signed out")

    def _enlist(self, connections: Iterable[Connection], channel: int | None, *, direct: bool = False) -> None:
        if channel is None:
            return
        for connection in connections:
            audience = self._audience.setdefault(channel, {})
            if not audience and not direct:
                self.on_serve(channel)
            audience[connection] = None

    def _let_go_if_empty(self, channel: int) -> None:
        if not self._audience.get(channel, True):
            del self._audience[channel]
            self.on_leave(channel)

    def _strike(self, connections: Iterable[Connection], channel: int | None) -> None:
        if channel is not None and (audience := self._audience.get(channel)) is not None:
            for connection in connections:
                if channel not in connection.channels:
                    audience.pop(connection, None)
            self._let_go_if_empty(channel)

    # -- connections ----------------------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """A connection that nobody has logged in on yet."""
        self.connections[connection.id] = connection

    async def attach(self, connection: Connection, reply: int, standing: Standing) -> int:
        """Deliver to this connection from here on, pushes behind reply number `reply`; returns the position.

        `person`, `name`, `app`, `credential` and `channels` of the connection have been set. `standing` reads, in a
        database thread, all stays of the person, or gives None if the credential no longer holds: then CredentialEnded
        is raised. The person is registered before that, so that nothing falls between: what the hub passes meanwhile
        is applied to what was read.
        """
        assert connection.person is not None
        person = self._persons.setdefault(connection.person, _Person(connection.person))
        person.connections.add(connection)
        try:
            stays = await run(standing)
        except BaseException:
            self._forget(connection)
            raise
        if stays is None or connection.closing:
            self._forget(connection)
            raise CredentialEnded
        if person.spans is None:
            person.spans = list(stays)
            for entry in person.news:
                person.apply(entry)
            person.news = []
        # From here to the end nothing is awaited: the audience is that of this very position.
        for span in person.spans:
            if span.covers(self.watermark) and span.until_position != self.watermark:
                self._enlist((connection,), span.channel, direct=span.direct)
        for channel in connection.channels:
            self._enlist((connection,), channel)
        connection.hold(reply)
        connection.sends = person.sends
        connection.attached = True
        self.presence.connect(connection.person, connection.name, connection.app)
        return self.watermark

    def remove(self, connection: Connection) -> None:
        """The connection has gone."""
        self.connections.pop(connection.id, None)
        if connection.attached and connection.person is not None:
            connection.attached = False
            self.presence.disconnect(connection.person, connection.app)
        self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        if connection.person is None or (known := self._persons.get(connection.person)) is None:
            return
        known.connections.discard(connection)
        for span in known.spans or ():
            self._strike((connection,), span.channel)
        for channel in connection.channels:
            if (audience := self._audience.get(channel)) is not None:
                audience.pop(connection, None)
                self._let_go_if_empty(channel)
        if not known.connections:
            del self._persons[connection.person]

    def connection_count(self, person: int) -> int:
        """The person's connections on this node, those counted too whose log-in is under way."""
        known = self._persons.get(person)
        return len(known.connections) if known is not None else 0

    def person_connections(self, person: int) -> list[Connection]:
        """The person's connections on this node that have logged in."""
        known = self._persons.get(person)
        return known.attached() if known is not None else []
