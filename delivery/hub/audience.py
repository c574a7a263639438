"""The audience of events on this node: its users, their memberships at the hub's position, and their connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from delivery.hub.connection import Connection
from delivery.hub.expiry import ExpiryTimer
from delivery.hub.segments import Feed
from delivery.log import Entry, MembershipInterval
from delivery.replay import can_see


def _ignore_channel(channel: int) -> None:
    """Do nothing."""


_CHANGES = frozenset({"join", "leave", "revoke"})
"""Keys of a header that change what a user receives."""


@dataclass(slots=True)
class LocalUser:
    """A user with connections to this node, and the user's memberships at the hub's position, or beyond it."""

    id: int
    memberships: list[MembershipInterval]
    connections: tuple[Connection, ...] = ()
    """Usually a single one, and a set would take four times as much memory."""

    def attached_connections(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.is_attached]

    def is_in(self, channel: int | None) -> bool:
        """Return whether the user is a member of the channel now."""
        return any(each.channel == channel and each.until_position is None for each in self.memberships)

    def change_membership(self, entry: Entry) -> None:
        """Apply a join or leave, unless the memberships include it already."""
        assert entry.channel is not None
        position = entry.position
        for index, interval in enumerate(self.memberships):
            if interval.channel == entry.channel:
                if interval.from_position == position:
                    return
                leaves = self.id in entry.header.get("leave", ())
                if leaves and interval.until_position is None and interval.from_position < position:
                    self.memberships[index] = replace(interval, until_position=position)
                    return
        if self.id in entry.header.get("join", ()):
            self.memberships.append(MembershipInterval(entry.channel, position, is_direct="route" in entry.header))


class Audience:
    """The users connected to this node and the connections of each channel.

    Use it on the event loop only; it never waits.
    """

    def __init__(self) -> None:
        self.users: dict[int, LocalUser] = {}
        self.channels: dict[int, dict[Connection, None]] = {}
        self.feeds: dict[int, Feed] = {}
        """The feeds of channels since the last tick."""
        self._expiry = ExpiryTimer()
        self._recordings: list[list[Entry]] = []
        self.on_channel_active: Callable[[int], None] = _ignore_channel
        """Called for the first connection of a channel. Not called for private channels, whose events list their users.
        """
        self.on_channel_idle: Callable[[int], None] = _ignore_channel
        """Called after the last connection of a channel was removed."""

    # -- recipients -----------------------------------------------------------------------------------------------

    def concerns(self, entry: Entry) -> bool:
        """Return whether the event concerns a user of this node, so that its body is needed."""
        if entry.channel is None:
            return any(user_id in self.users for user_id in entry.user_ids)
        return entry.channel in self.channels or any(user_id in self.users for user_id in entry.header.get("join", ()))

    def recipients(self, entry: Entry) -> list[Connection]:
        """Return the connections that get the event, including the connection whose request caused it."""
        if entry.channel is not None:
            recipients = list(self.channels.get(entry.channel, ()))
        else:
            about = entry.header.get("about")
            recipients = [
                connection
                for user_id in entry.user_ids
                for connection in self.connections_of(user_id)
                if connection.only_channel is None or connection.only_channel == about
            ]
        if entry.app is not None:
            recipients = [connection for connection in recipients if connection.app == entry.app]
        if skipped := entry.header.get("skip"):
            recipients = [connection for connection in recipients if connection.user_id not in skipped]
        if entry.subject is not None:
            recipients = [connection for connection in recipients if self._can_see(connection, entry)]
        return recipients

    def _can_see(self, connection: Connection, entry: Entry) -> bool:
        if entry.channel in connection.channels or connection.user_id is None:
            return True
        memberships = self.users[connection.user_id].memberships
        in_channel = [interval for interval in memberships if interval.channel == entry.channel]
        return can_see(in_channel, entry.position, entry.subject)

    def connections_of(self, user_id: int) -> list[Connection]:
        """Return the user's connections that have logged in."""
        user = self.users.get(user_id)
        return user.attached_connections() if user is not None else []

    # -- changes by events ----------------------------------------------------------------------------------------

    def apply_joins(self, entry: Entry) -> None:
        """Subscribe the users who join with this event. They receive the event itself."""
        for user_id in entry.header.get("join", ()):
            if (user := self.users.get(user_id)) is not None:
                user.change_membership(entry)
                self._subscribe(user.attached_connections(), entry.channel, is_direct="route" in entry.header)

    def apply_leaves(self, entry: Entry) -> None:
        """Unsubscribe the users who leave with this event.

        They have received the event itself, and receive none after it. Connections that receive no other channel close.
        """
        for user_id in entry.header.get("leave", ()):
            if (user := self.users.get(user_id)) is not None:
                user.change_membership(entry)
                self._unsubscribe(user.connections, entry.channel)
                for connection in user.connections:
                    _close_if_left(connection, entry)

    def close_revoked(self, entry: Entry) -> None:
        """Close the connections that this event revokes, including those that are logging in."""
        if (revoke := entry.header.get("revoke")) is None:
            return
        users = self.users.values() if "app" in revoke else map(self.users.get, entry.user_ids)
        for connection in [connection for user in users if user is not None for connection in user.connections]:
            _close_if_revoked(connection, entry)

    def record(self, entry: Entry) -> None:
        """Add the event to the recordings that run, if it changes what a user receives."""
        if self._recordings and not _CHANGES.isdisjoint(entry.header):
            for recording in self._recordings:
                recording.append(entry)

    @contextmanager
    def record_changes(self) -> Iterator[list[Entry]]:
        """Collect in a list the joins, leaves and revocations that are delivered until the end of the block.

        A log-in reads rights before the audience knows its user, and hands what was delivered meanwhile to `register`.
        """
        recording: list[Entry] = []
        self._recordings.append(recording)
        try:
            yield recording
        finally:
            # By identity: an equal list may be recording too.
            self._recordings = [other for other in self._recordings if other is not recording]

    # -- connections ----------------------------------------------------------------------------------------------

    def register(
        self, connection: Connection, memberships: Iterable[MembershipInterval], changes: Sequence[Entry] = ()
    ) -> None:
        """Add the connection to its user, before anything is delivered to it.

        `memberships` are all of the user's intervals, and `changes` what `record_changes` has collected since before
        they were read. Those that revoke the connection's rights close it, and so does leaving its only channel.
        """
        assert connection.user_id is not None
        user = self.users.get(connection.user_id)
        if user is None:
            user = LocalUser(connection.user_id, list(memberships))
            self.users[connection.user_id] = user
            for entry in changes:
                if any(user.id in entry.header.get(key, ()) for key in ("join", "leave")):
                    user.change_membership(entry)
        user.connections = (*user.connections, connection)
        for entry in changes:
            if "revoke" in entry.header:
                _close_if_revoked(connection, entry)
            if user.id in entry.header.get("leave", ()) and not user.is_in(entry.channel):
                _close_if_left(connection, entry)

    def attach(self, connection: Connection, position: int) -> None:
        """Deliver to the registered connection all events after `position`."""
        assert connection.user_id is not None
        user = self.users[connection.user_id]
        for interval in user.memberships:
            if interval.covers(position) and interval.until_position != position:
                self._subscribe((connection,), interval.channel, is_direct=interval.is_direct)
        for channel in connection.channels:
            self._subscribe((connection,), channel)
        connection.is_attached = True
        self._expiry.watch(connection)

    def extend(self, connection: Connection, expires_at: float, changes: Sequence[Entry]) -> None:
        """Let the attached connection expire at another time, with its new credential.

        `changes` is what `record_changes` has collected since before the credential was read.
        """
        connection.expires_at = expires_at
        self._expiry.watch(connection)
        for entry in changes:
            if "revoke" in entry.header:
                _close_if_revoked(connection, entry)

    def remove(self, connection: Connection) -> None:
        """Remove a connection that has ended or was refused."""
        self._expiry.forget(connection)
        if connection.user_id is None or (user := self.users.get(connection.user_id)) is None:
            return
        user.connections = tuple(other for other in user.connections if other is not connection)
        for channel in {*(interval.channel for interval in user.memberships), *connection.channels}:
            if (connections := self.channels.get(channel)) is not None:
                connections.pop(connection, None)
                if (feed := self.feeds.get(channel)) is not None:
                    feed.drop(connection)
                self._drop_if_empty(channel)
        if not user.connections:
            del self.users[connection.user_id]

    def _subscribe(self, connections: Iterable[Connection], channel: int | None, *, is_direct: bool = False) -> None:
        if channel is None:
            return
        feed = self.feeds.get(channel)
        for connection in connections:
            if connection.only_channel is not None and connection.only_channel != channel:
                continue
            subscribed = self.channels.setdefault(channel, {})
            if not subscribed and not is_direct:
                self.on_channel_active(channel)
            if feed is not None and connection not in subscribed:
                feed.add(connection)
            subscribed[connection] = None

    def _unsubscribe(self, connections: Iterable[Connection], channel: int | None) -> None:
        if channel is not None and (subscribed := self.channels.get(channel)) is not None:
            feed = self.feeds.get(channel)
            for connection in connections:
                if channel not in connection.channels:
                    subscribed.pop(connection, None)
                    if feed is not None:
                        feed.drop(connection)
            self._drop_if_empty(channel)

    def _drop_if_empty(self, channel: int) -> None:
        if not self.channels.get(channel, True):
            del self.channels[channel]
            self.on_channel_idle(channel)


def _close_if_revoked(connection: Connection, entry: Entry) -> None:
    """Close the connection if the event revokes its rights."""
    revoke = entry.header["revoke"]
    if (app := revoke.get("app")) is not None:
        if connection.app == app:
            connection.close(4001, "this app is closed")
    elif connection.user_id in entry.user_ids:
        only, keep = revoke.get("credential"), revoke.get("except")
        if (only is None or connection.credential == only) and connection.credential != keep:
            connection.close(4001, "signed out")


def _close_if_left(connection: Connection, entry: Entry) -> None:
    """Close the connection if its user leaves, with this event, the only channel that it receives."""
    if connection.only_channel is not None and connection.only_channel == entry.channel:
        connection.close(4001, "no longer a member")
