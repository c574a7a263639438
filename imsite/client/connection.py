"""A connection to `/acc` that reconnects by itself and delivers each push once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from . import envelopes
from .backoff import ExponentialBackoff, parse_retry_after
from .change_commands import ChangeCommands
from .channel_commands import ChannelCommands
from .errors import Closed, Disconnected, Refused
from .message_commands import MessageCommands
from .position_tracker import PositionTracker
from .reading_commands import ReadingCommands
from .socket import ClientSocket, address_options
from .thread_commands import ThreadCommands
from .types import LoggedInUser, Push

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 25.0
REPLY_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 2.0
STABLE_SECONDS = 10.0
"""Seconds for which a connection must last before the next backoff starts over with a short pause."""
MAX_WAITING_PUSHES = 10_000
PERMANENT_CLOSE_CODES = frozenset({4001, 4003})
"""Close codes after which the client does not reconnect: signed out, and too many connections."""
PERMANENT_HANDSHAKE_STATUSES = frozenset({401, 403, 404})
NOT_AUTHORISED = 1003
OPERATION_FAILED = 1009
RETRY_HINT = re.compile(r"retry in (\d+(?:\.\d+)?)s")
"""Close reason of a server that shuts down. It tells each client a different time to reconnect."""
RESET = "reset"
CLOSED_BY_PROGRAM = "closed by the program"


class ClientConnection(MessageCommands, ChangeCommands, ReadingCommands, ThreadCommands, ChannelCommands):
    """One logged-in user on one app, from `async with` until its end. Iterate the connection for pushes.

    It reconnects with growing pauses and fetches missed pushes. Only a refused log-in (Refused) or a permanent close
    (Closed) ends it; every waiting call then raises that exception.

    Pushes wait until the program iterates. Past `max_waiting_pushes` they are replaced by one `reset`.
    """

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, Any],
        *,
        after: int | None = None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        max_waiting_pushes: int = MAX_WAITING_PUSHES,
        backoff: ExponentialBackoff | None = None,
    ) -> None:
        self._url = url
        self._credentials = dict(credentials)
        self._heartbeat_seconds = heartbeat_seconds
        self._max_waiting_pushes = max_waiting_pushes
        self._backoff = backoff or ExponentialBackoff()
        self._tracker = PositionTracker(after)
        self._waiting: deque[Push | int] = deque()
        """Pushes, and confirmed positions between them. Everything up to such a position precedes it."""
        self._waiting_changed = asyncio.Event()
        self._socket_changed = asyncio.Condition()
        self._socket: ClientSocket | None = None
        """The open socket, once it is logged in."""
        self._user: LoggedInUser | None = None
        self._end: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self.disconnect_count = 0
        """Number of logged-in connections that have been lost."""
        self.position = after
        """The program has handled everything up to this position. Store it and pass it as the next `after`."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"connection {self._url}")
        try:
            await self._logged_in_socket()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. Waiting calls raise Closed; an iteration stops."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._finish(Closed(None, CLOSED_BY_PROGRAM))

    @property
    def user(self) -> LoggedInUser:
        """The user of the last log-in."""
        assert self._user is not None, "The connection is used inside its async with block."
        return self._user

    @property
    def token(self) -> str:
        """The token that the connection logs in with. A guest receives one at the first log-in."""
        return str(self._credentials.get("serviceToken", ""))

    def is_own(self, push: Push) -> bool:
        """Return whether this user caused the push, on this or another connection."""
        return push.data.get("fromId") == self.user.id

    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        """Send any command of the protocol and return its reply's data. Waits for a connection if there is none.

        With `retry`, for commands that are safe to repeat, it is sent again after a disconnect or a transient error.
        Otherwise a disconnect raises Disconnected, and the outcome is unknown.
        """
        backoff = ExponentialBackoff()
        while True:
            socket = await self._logged_in_socket()
            try:
                return await socket.request(cmd, data, REPLY_TIMEOUT_SECONDS)
            except Disconnected:
                if not retry:
                    raise
                await self._socket_replaced(socket)
            except Refused as error:
                if not retry or not error.is_transient:
                    raise
                await asyncio.sleep(backoff.next_pause(error.retry_after))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Push:
        while True:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, Push):
                    return item
                self.position = item
            if isinstance(self._end, Closed) and self._end.reason == CLOSED_BY_PROGRAM:
                raise StopAsyncIteration
            if self._end is not None:
                raise self._end
            self._waiting_changed.clear()
            await self._waiting_changed.wait()

    def _mark_delivered(self, position: int) -> None:
        self._tracker.mark_delivered(position)

    async def _run(self) -> None:
        """Keep the user connected until an exception ends it, an unexpected one too, as of a malformed URL."""
        try:
            await self._stay_connected()
        except Exception as error:
            await self._finish(error)

    async def _stay_connected(self) -> None:
        """Connect again and again. Raises Refused or Closed if that is pointless."""
        while True:
            retry_after: float | None = None
            try:
                retry_after = await self._run_once()
            except (Refused, Closed) as error:
                if isinstance(error, Closed) or not (error.is_transient or error.code == OPERATION_FAILED):
                    raise
                retry_after = error.retry_after
                logger.info("login_refused", extra={"code": error.code})
            except InvalidStatus as error:
                status, headers = error.response.status_code, error.response.headers
                if status in PERMANENT_HANDSHAKE_STATUSES:
                    raise Refused(NOT_AUTHORISED, "The handshake was refused.", status=status) from error
                retry_after = parse_retry_after(headers.get("Retry-After"))
                logger.info("handshake_refused", extra={"status": status})
            except (OSError, EOFError, InvalidHandshake, ConnectionClosed, Disconnected) as error:
                # ConnectionClosed comes from a connection that was reset before its handshake.
                logger.info("connection_lost", extra={"error": type(error).__name__})
            await asyncio.sleep(self._backoff.next_pause(retry_after))

    async def _run_once(self) -> float | None:
        """Run one connection until it ends. Returns the pause that the server asked for, if it did.

        Raises Closed or Refused if reconnecting is pointless.
        """
        async with connect(
            self._url,
            open_timeout=CONNECT_TIMEOUT_SECONDS,
            close_timeout=CLOSE_TIMEOUT_SECONDS,
            ping_interval=None,
            max_size=None,
            compression=None,
            **address_options(),
        ) as websocket:
            socket = ClientSocket(websocket, lambda push: self._deliver(*self._tracker.receive(push)))
            reader = asyncio.create_task(socket.read_frames(), name="connection reader")
            stable = asyncio.get_running_loop().call_later(STABLE_SECONDS, self._backoff.reset)
            try:
                await self._log_in(socket)
                await self._set_socket(socket)
                await self._send_heartbeats(socket, reader)
            finally:
                self.disconnect_count += self._socket is socket
                stable.cancel()
                await self._set_socket(None)
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                await socket.close(CLOSE_TIMEOUT_SECONDS)
        code, reason = socket.close_status
        if code in PERMANENT_CLOSE_CODES:
            raise Closed(code, reason)
        hint = RETRY_HINT.fullmatch(reason)
        return float(hint[1]) if hint else None

    async def _log_in(self, socket: ClientSocket) -> None:
        """Log in and fetch missed pushes."""
        self._tracker.start_login()
        after = {} if self._tracker.confirmed is None else {"after": self._tracker.confirmed}
        login = await socket.request("login", {**self._credentials, **after}, REPLY_TIMEOUT_SECONDS)
        self._user = LoggedInUser.from_json(login)
        if token := login.get("serviceToken"):
            # With the token, a guest returns as the same guest instead of a new one with the same name.
            self._credentials = {"appId": self._user.app, "serviceToken": token}
        has_more = self._tracker.finish_login(login["position"])
        while has_more:
            page = await socket.request("sync", {"after": self._tracker.confirmed}, REPLY_TIMEOUT_SECONDS)
            position, has_more = page["position"], bool(page.get("hasMore"))
            if page.get("reset"):
                self._deliver(Push(RESET, {"position": position}))
                self._deliver(*self._tracker.reset(position))
            else:
                missed = [envelopes.parse_envelope(item).to_push() for item in page["events"]]
                self._deliver(*self._tracker.receive_page(missed, position, has_more=has_more))
            self._mark_confirmed()
        self._mark_confirmed()

    async def _send_heartbeats(self, socket: ClientSocket, reader: asyncio.Task[None]) -> None:
        """Send heartbeats until the connection ends. Each reply confirms a position."""
        while not (await asyncio.wait((reader,), timeout=self._heartbeat_seconds))[0]:
            reply = await socket.request("heartbeat", {}, REPLY_TIMEOUT_SECONDS)
            self._tracker.confirm(reply["position"])
            self._mark_confirmed()

    def _deliver(self, *pushes: Push) -> None:
        self._waiting += pushes
        if len(self._waiting) > self._max_waiting_pushes:
            self._waiting.clear()
            self._waiting.append(Push(RESET, {"position": self._tracker.confirmed}))
        self._waiting_changed.set()

    def _mark_confirmed(self) -> None:
        """Queue the confirmed position behind the pushes that precede it."""
        if self._tracker.confirmed is not None:
            if self._waiting and isinstance(self._waiting[-1], int):
                self._waiting.pop()
            self._waiting.append(self._tracker.confirmed)
            self._waiting_changed.set()

    async def _logged_in_socket(self) -> ClientSocket:
        """Wait for a logged-in socket and return it. Raises the exception that ended the connection."""
        async with self._socket_changed:
            await self._socket_changed.wait_for(lambda: self._socket is not None or self._end is not None)
            if self._socket is None:
                assert self._end is not None
                raise self._end
            return self._socket

    async def _socket_replaced(self, socket: ClientSocket) -> None:
        """Wait until this socket is no longer the connection's socket."""
        async with self._socket_changed:
            await self._socket_changed.wait_for(lambda: self._socket is not socket)

    async def _set_socket(self, socket: ClientSocket | None) -> None:
        async with self._socket_changed:
            self._socket = socket
            self._socket_changed.notify_all()

    async def _finish(self, error: Exception) -> None:
        async with self._socket_changed:
            self._end = self._end or error
            self._socket = None
            self._socket_changed.notify_all()
        self._waiting_changed.set()
