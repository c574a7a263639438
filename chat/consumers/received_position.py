"""The position up to which the client of one connection of `/ws` has proved to have every message."""

from __future__ import annotations

from chat.actions.received_positions import ReceivedPositions
from chat.consumers.resend import UnacknowledgedPushes
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub


class ReceivedPosition:
    """Grows with each proof of the client. It is stored at the end, for the next connection with its token.

    A frame that was written may be lost with the connection, so writing it proves nothing. Proofs are a Sync, which
    names the greatest number that the client has; an acknowledged push; a pong, and a close by the client, before which
    it has received what had been sent.
    """

    __slots__ = (
        "_connection",
        "_digest",
        "_hub",
        "_is_complete",
        "_marked",
        "_store",
        "_stored",
        "_unacknowledged",
        "position",
    )

    def __init__(
        self, hub: Hub, connection: Connection, unacknowledged: UnacknowledgedPushes, store: ReceivedPositions
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._unacknowledged = unacknowledged
        self._store = store
        self._digest = ""
        self._stored = 0
        self._is_complete = False
        """True if the hub's messages after `position` are sent to the client without a gap."""
        self._marked = 0
        """The position up to which everything had been sent at the last ping; 0 if that is unknown."""
        self.position = 0

    def begin(self, digest: str, stored: int, position: int, *, is_complete: bool) -> None:
        """Note the log-in with the token of this digest, whose client has every message up to `position`.

        `stored`: the position that is stored for the token. `is_complete`: the client is sent everything after
        `position`, without a Sync.
        """
        self._digest, self._stored, self.position, self._is_complete = digest, stored, position, is_complete

    def claim(self, seq: int, *, first_lacked: int | None, is_complete: bool) -> None:
        """Note a Sync from this number and the page that answers it.

        `first_lacked`: the first message of the page. `is_complete`: the page was the last one.
        """
        if seq > self._hub.watermark:
            return  # A number beyond the log says nothing about what the client has.
        self._is_complete = is_complete
        if seq >= self.position:
            self.position = seq
        elif first_lacked is not None and first_lacked <= self.position:
            # The client has lost what it had. A crash of this node must not hide that from the next connection.
            self.position, self._marked = seq, 0
            self.record()

    def acknowledge(self, seq: int) -> None:
        """Note an acknowledgement of all pushes up to this number."""
        if self.position < seq <= self._hub.watermark:
            self.position = seq

    def mark(self) -> None:
        """Note what the client has received once it answers a ping that is sent now."""
        is_sent = self._is_complete and self._connection.has_sent_everything and not self._unacknowledged.is_waiting
        self._marked = self._hub.watermark if is_sent else 0

    def confirm(self) -> None:
        """Note that the client has received everything up to the last mark."""
        self.position = max(self.position, self._marked)

    def record(self) -> None:
        """Store the position, if it has changed."""
        if self._digest and self.position != self._stored:
            self._stored = self.position
            self._store.store(self._digest, self.position)
