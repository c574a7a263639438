"""One open WebSocket: matches replies to requests and hands on pushes. It does not reconnect."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection as WebSocketConnection
from websockets.exceptions import ConnectionClosed

from . import envelopes
from .errors import Disconnected
from .types import Push

HAPPY_EYEBALLS_SECONDS = 0.25
"""Seconds after which the next address of a host is tried as well."""


def address_options() -> dict[str, Any]:
    """Return the options by which a connection tries several addresses of a host. uvloop has none."""
    has_options = isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
    return {"happy_eyeballs_delay": HAPPY_EYEBALLS_SECONDS} if has_options else {}


class ClientSocket:
    """Sends requests over an open WebSocket and calls `on_push` for each push. `read_frames` must run as a task."""

    def __init__(self, socket: WebSocketConnection, on_push: Callable[[Push], None]) -> None:
        self._socket = socket
        self._on_push = on_push
        # The random prefix keeps the seq of a push, which other systems choose, from matching that of a request.
        self._seq_prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._pending: dict[str, asyncio.Future[envelopes.Envelope]] = {}
        self._is_closed = False

    async def request(self, cmd: str, data: Mapping[str, Any], timeout: float) -> Any:
        """Send a request and return the reply's data.

        Raises Refused for an error reply, and Disconnected if no reply arrives in time; the connection is then aborted.
        """
        if self._is_closed:
            raise Disconnected("The connection was lost.")
        seq = f"{self._seq_prefix}-{next(self._numbers)}"
        reply: asyncio.Future[envelopes.Envelope] = asyncio.get_running_loop().create_future()
        self._pending[seq] = reply
        try:
            async with asyncio.timeout(timeout):
                await self._socket.send(envelopes.encode(seq, cmd, data))
                return (await reply).result()
        except ConnectionClosed:
            raise Disconnected("The connection was lost.") from None
        except TimeoutError:
            # Replies keep the order of the requests, so no later reply would arrive either.
            self.abort()
            raise Disconnected(f"No reply to {cmd} within {timeout:g} s.") from None
        finally:
            self._pending.pop(seq, None)

    async def read_frames(self) -> None:
        """Handle incoming frames until the connection ends. Raises nothing except when cancelled."""
        try:
            async for frame in self._socket:
                for envelope in envelopes.decode(frame):
                    self._handle(envelope)
        except (ConnectionClosed, ValueError):
            self.abort()
        finally:
            self._is_closed = True
            for reply in self._pending.values():
                if not reply.done():
                    reply.set_exception(Disconnected("The connection was lost."))
                    # The request may have been cancelled; this keeps asyncio from logging the exception.
                    reply.exception()

    async def close(self, timeout: float) -> None:
        """Close the connection within this time.

        The library limits the wait for the answer, not the wait for a peer that reads nothing of what is written.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._socket.close()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Close the connection without a closing handshake, which a dead peer would not answer."""
        self._socket.transport.abort()

    @property
    def close_status(self) -> tuple[int | None, str]:
        """The close code and reason, once the connection has ended."""
        return self._socket.close_code, self._socket.close_reason or ""

    def _handle(self, envelope: envelopes.Envelope) -> None:
        reply = self._pending.get(envelope.seq)
        if reply is None:
            if not envelope.seq.startswith(f"{self._seq_prefix}-"):
                self._on_push(envelope.to_push())
        elif not reply.done():
            reply.set_result(envelope)
