"""One WebSocket connection: requests find their replies, everything else is a push. Ends when the socket does."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from imsite.client import envelopes
from imsite.client.errors import Disconnected
from imsite.client.types import Push


class ClientSocket:
    """Requests over an open socket. `take` gets each push as it comes; `read` must run beside."""

    def __init__(self, socket: ClientConnection, take: Callable[[Push], None]) -> None:
        self._socket = socket
        self._take = take
        # The seq of a push may be any text another system has chosen, so that of a request is one nobody guesses.
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[envelopes.Envelope]] = {}
        self._over = False

    async def request(self, cmd: str, data: Mapping[str, Any], timeout: float) -> Any:
        """The reply's data. Raises Refused, or Disconnected where none comes in time: the connection is then cut."""
        if self._over:
            raise Disconnected("the connection was lost")
        seq = f"{self._prefix}-{next(self._numbers)}"
        reply: asyncio.Future[envelopes.Envelope] = asyncio.get_running_loop().create_future()
        self._waiting[seq] = reply
        try:
            async with asyncio.timeout(timeout):
                await self._socket.send(envelopes.encode(seq, cmd, data))
                return (await reply).result()
        except ConnectionClosed:
            raise Disconnected("the connection was lost") from None
        except TimeoutError:
            # Replies keep their order, so whatever else was asked will not be answered either.
            self.cut()
            raise Disconnected(f"no answer to {cmd} within {timeout:g} s") from None
        finally:
            self._waiting.pop(seq, None)

    async def read(self) -> None:
        """Take in what comes until the connection ends, in whatever way; never raises but when cancelled."""
        try:
            async for frame in self._socket:
                for envelope in envelopes.decode(frame):
                    self._accept(envelope)
        except (ConnectionClosed, ValueError):
            self.cut()
        finally:
            self._over = True
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(Disconnected("the connection was lost"))
                    reply.exception()  # Nobody may be waiting for it any more.

    def cut(self) -> None:
        """End it without a closing handshake, which a dead peer would not answer."""
        self._socket.transport.abort()

    @property
    def ended_with(self) -> tuple[int | None, str]:
        """The close code and reason, once it has ended."""
        return self._socket.close_code, self._socket.close_reason or ""

    def _accept(self, envelope: envelopes.Envelope) -> None:
        reply = self._waiting.get(envelope.seq)
        if reply is None:
            if not envelope.seq.startswith(f"{self._prefix}-"):
                self._take(envelope.push())
        elif not reply.done():
            reply.set_result(envelope)
