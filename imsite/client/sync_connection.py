"""A connection for programs without an event loop: `ClientConnection` on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from threading import Thread
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from .connection import ClientConnection
from .types import LoggedInUser, Push

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _blocking(
    method: Callable[Concatenate[ClientConnection, _P], Coroutine[Any, Any, _R]],
) -> Callable[Concatenate[SyncConnection, _P], _R]:
    """Return the method with the same parameters that waits for the result."""

    @wraps(method)
    def call(self: SyncConnection, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return self._run(method(self._connection, *args, **kwargs))

    return call


async def _next_push(connection: ClientConnection) -> Push | None:
    """Return the next push, or None at the end: a future cannot carry StopAsyncIteration."""
    return await anext(connection, None)


class SyncConnection:
    """The methods of `ClientConnection`, without asyncio, inside a `with` block. Iterate it for pushes.

    Several threads may use it. An iteration waits for the next push; it ends when the connection is closed.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="connection", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._run(self._connection.__aenter__())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._connection.close())
        self._stop()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Push:
        push = self._run(_next_push(self._connection))
        if push is None:
            raise StopIteration
        return push

    @property
    def user(self) -> LoggedInUser:
        """The user of the last log-in."""
        return self._connection.user

    @property
    def token(self) -> str:
        """The token that the connection logs in with. A guest receives one at the first log-in."""
        return self._connection.token

    @property
    def position(self) -> int | None:
        """The program has handled everything up to this position. Store it and pass it as the next `after`."""
        return self._connection.position

    @property
    def disconnect_count(self) -> int:
        """Number of logged-in connections that have been lost."""
        return self._connection.disconnect_count

    def is_own(self, push: Push) -> bool:
        """Return whether this user caused the push, on this or another connection."""
        return self._connection.is_own(push)

    call = _blocking(ClientConnection.call)
    close = _blocking(ClientConnection.close)
    # Messages.
    send = _blocking(ClientConnection.send)
    edit = _blocking(ClientConnection.edit)
    recall = _blocking(ClientConnection.recall)
    forward = _blocking(ClientConnection.forward)
    react = _blocking(ClientConnection.react)
    unreact = _blocking(ClientConnection.unreact)
    remove_file = _blocking(ClientConnection.remove_file)
    remove_preview = _blocking(ClientConnection.remove_preview)
    pin = _blocking(ClientConnection.pin)
    unpin = _blocking(ClientConnection.unpin)
    report = _blocking(ClientConnection.report)
    save = _blocking(ClientConnection.save)
    unsave = _blocking(ClientConnection.unsave)
    run_slash_command = _blocking(ClientConnection.run_slash_command)
    # Messages for later.
    schedule = _blocking(ClientConnection.schedule)
    scheduled = _blocking(ClientConnection.scheduled)
    edit_scheduled = _blocking(ClientConnection.edit_scheduled)
    send_scheduled = _blocking(ClientConnection.send_scheduled)
    cancel_scheduled = _blocking(ClientConnection.cancel_scheduled)
    # Reading.
    message = _blocking(ClientConnection.message)
    history = _blocking(ClientConnection.history)
    pins = _blocking(ClientConnection.pins)
    search = _blocking(ClientConnection.search)
    mentions = _blocking(ClientConnection.mentions)
    saved = _blocking(ClientConnection.saved)
    saved_ids = _blocking(ClientConnection.saved_ids)
    readers = _blocking(ClientConnection.readers)
    mark_read = _blocking(ClientConnection.mark_read)
    mark_unread = _blocking(ClientConnection.mark_unread)
    # Threads and channels.
    thread_history = _blocking(ClientConnection.thread_history)
    threads = _blocking(ClientConnection.threads)
    follow_thread = _blocking(ClientConnection.follow_thread)
    unfollow_thread = _blocking(ClientConnection.unfollow_thread)
    mark_thread_read = _blocking(ClientConnection.mark_thread_read)
    set_notifications = _blocking(ClientConnection.set_notifications)
    create_invite = _blocking(ClientConnection.create_invite)
    accept_invite = _blocking(ClientConnection.accept_invite)
    withdraw_request = _blocking(ClientConnection.withdraw_request)
    set_picture = _blocking(ClientConnection.set_picture)
    send_typing = _blocking(ClientConnection.send_typing)
    set_away = _blocking(ClientConnection.set_away)

    def _run(self, coroutine: Coroutine[Any, Any, _R]) -> _R:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
