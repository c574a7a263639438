"""Who of the people connected here gets what: their stays in channels, as of the position that the hub has reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from delivery.hub.connection import Connection
from delivery.log import Entry, MembershipInterval
from delivery.rate_limits.user_limits import UserRateLimitRegistry, UserRateLimits
from delivery.replay import can_see


def ignore(what: object) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class Person:
    """A person with connections here. Until the stays are known, changes that pass are kept in `news`."""

    id: int
    connections: set[Connection] = field(default_factory=set)
    spans: list[MembershipInterval] | None = None
    rate_limits: UserRateLimits = field(default_factory=UserRateLimits)
    news: list[Entry] = field(default_factory=list)

    def attached(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.attached]

    def set_memberships(self, stays: Sequence[MembershipInterval]) -> None:
        """These are the stays as they were read; what passed since is applied to them."""
        if self.spans is None:
            self.spans = list(stays)
            for entry in self.news:
                self.apply(entry)
            self.news = []

    def change(self, entry: Entry) -> None:
        """Take a join or leave into the stays, now or when they are known."""
        if self.spans is None:
            self.news.append(entry)
        else:
            self.apply(entry)

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
            self.spans.append(MembershipInterval(entry.channel, position, is_direct="route" in entry.header))


class Audience:
    """The people connected here and the connections of each channel. On the event loop only; nothing waits."""

    def __init__(self) -> None:
        self.persons: dict[int, Person] = {}
        self.channels: dict[int, dict[Connection, None]] = {}
        self._rate_limits = UserRateLimitRegistry()
        self.on_channel_active: Callable[[int], None] = ignore
        """Called when the first connection of a channel is here; not for those whose entries name their persons."""
        self.on_leave: Callable[[int], None] = ignore
        """Called when the last one of a channel has gone."""

    # -- who gets it ----------------------------------------------------------------------------------------------

    def concerns(self, entry: Entry) -> bool:
        """Whether somebody here must hear of it, so that its body is needed."""
        if entry.channel is None:
            return any(person in self.persons for person in entry.user_ids)
        return entry.channel in self.channels or any(person in self.persons for person in entry.header.get("join", ()))

    def concerned(self, entry: Entry) -> list[Connection]:
        """The connections that get the entry, its own origin among them."""
        if entry.channel is not None:
            concerned = list(self.channels.get(entry.channel, ()))
        else:
            concerned = [connection for person in entry.user_ids for connection in self.connections_of(person)]
        if entry.app is not None:
            concerned = [connection for connection in concerned if connection.app == entry.app]
        if skipped := entry.header.get("skip"):
            concerned = [connection for connection in concerned if connection.person not in skipped]
        if entry.subject is not None:
            concerned = [connection for connection in concerned if self._may_see(connection, entry)]
        return concerned

    def _may_see(self, connection: Connection, entry: Entry) -> bool:
        if entry.channel in connection.channels or connection.person is None:
            return True
        spans = self.persons[connection.person].spans or ()
        return can_see([span for span in spans if span.channel == entry.channel], entry.position, entry.subject)

    def connections_of(self, person: int) -> list[Connection]:
        """The person's connections that have logged in."""
        known = self.persons.get(person)
        return known.attached() if known is not None else []

    # -- what events change ---------------------------------------------------------------------------------------

    def joins(self, entry: Entry) -> None:
        """Who joins by this entry gets it already."""
        for person in entry.header.get("join", ()):
            if (known := self.persons.get(person)) is not None:
                known.change(entry)
                if known.spans is not None:
                    self._subscribe(known.attached(), entry.channel, direct="route" in entry.header)

    def leaves(self, entry: Entry) -> None:
        """Who leaves by this entry has got it, and nothing after it."""
        for person in entry.header.get("leave", ()):
            if (known := self.persons.get(person)) is not None:
                known.change(entry)
                if known.spans is not None:
                    self._unsubscribe(known.connections, entry.channel)

    def revocations(self, entry: Entry) -> None:
        """Close the connections whose right ends by this entry, those too whose log-in is under way."""
        if (revoke := entry.header.get("revoke")) is None:
            return
        if (app := revoke.get("app")) is not None:
            everybody = [connection for known in self.persons.values() for connection in known.connections]
            for connection in everybody:
                if connection.app == app:
                    connection.close(4001, "this app is closed")
            return
        only, keep = revoke.get("credential"), revoke.get("except")
        for person in entry.user_ids:
            if (known := self.persons.get(person)) is None:
                continue
            for connection in list(known.connections):
                if (only is None or connection.credential == only) and connection.credential != keep:
                    connection.close(4001, "signed out")

    # -- who comes and goes ---------------------------------------------------------------------------------------

    def register(self, connection: Connection) -> Person:
        """The connection's person is here; nothing is delivered to it yet."""
        assert connection.person is not None
        person = self.persons.get(connection.person)
        if person is None:
            person = Person(connection.person, rate_limits=self._rate_limits.get(connection.person))
            self.persons[connection.person] = person
        person.connections.add(connection)
        return person

    def enter(self, connection: Connection, person: Person, position: int) -> None:
        """Deliver to the connection what comes after `position`."""
        for span in person.spans or ():
            if span.covers(position) and span.until_position != position:
                self._subscribe((connection,), span.channel, direct=span.is_direct)
        for channel in connection.channels:
            self._subscribe((connection,), channel)
        connection.rate_limits = person.rate_limits
        connection.attached = True

    def forget(self, connection: Connection) -> None:
        """The connection has gone, or was never to be."""
        if connection.person is None or (known := self.persons.get(connection.person)) is None:
            return
        known.connections.discard(connection)
        for channel in {*(span.channel for span in known.spans or ()), *connection.channels}:
            if (audience := self.channels.get(channel)) is not None:
                audience.pop(connection, None)
                self._let_go_if_empty(channel)
        if not known.connections:
            del self.persons[connection.person]

    def _subscribe(self, connections: Iterable[Connection], channel: int | None, *, direct: bool = False) -> None:
        if channel is None:
            return
        for connection in connections:
            audience = self.channels.setdefault(channel, {})
            if not audience and not direct:
                self.on_channel_active(channel)
            audience[connection] = None

    def _unsubscribe(self, connections: Iterable[Connection], channel: int | None) -> None:
        if channel is not None and (audience := self.channels.get(channel)) is not None:
            for connection in connections:
                if channel not in connection.channels:
                    audience.pop(connection, None)
            self._let_go_if_empty(channel)

    def _let_go_if_empty(self, channel: int) -> None:
        if not self.channels.get(channel, True):
            del self.channels[channel]
            self.on_leave(channel)
