"""The socket of a connection, which the servers of `serve` offer to a consumer in the scope."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

Resume = Callable[[], Coroutine[Any, Any, None]]


class Socket(Protocol):
    """More than ASGI offers: several frames in one write, cutting the transport, and what idle connections save."""

    @property
    def park(self) -> Callable[[Resume], None] | None:
        """Let the application return without ending the connection. None: the server cannot.

        The next message, or the end, starts `resume()` in a new task, which receives it. The application must return
        before it waits for anything else.
        """

    def frame(self, messages: Sequence[str | bytes]) -> bytes:
        """Return texts and bytes as complete frames, which may be sent to any number of sockets."""

    def send_frames(self, data: bytes) -> Coroutine[Any, Any, None] | None:
        """Send complete frames in one write. While the peer does not read, return a coroutine that waits, then sends.

        Raise an exception if the connection has ended.
        """

    def abort(self) -> None:
        """Close the connection without a close frame, for a peer that does not read."""

    def watch_pings(self, on_ping: Callable[[], None], on_pong: Callable[[], None]) -> None:
        """Call `on_ping` before each keepalive ping, and `on_pong` when the peer has answered it."""


def socket_of(scope: dict[str, Any]) -> Socket | None:
    """Return the socket of this scope; None if the server offers none."""
    found: Socket | None = scope.get("extensions", {}).get("imsite.socket", {}).get("socket")
    return found
