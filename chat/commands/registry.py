"""The commands that clients can give, by name: what each takes, who may give it, which code a fault in it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec

from chat import errors
from chat.errors import ChatError, Code
from delivery.hub.connection import Connection
from delivery.rate_limits.token_bucket import TokenBucket

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(slots=True)
class Caller:
    """Who is at the other end of one connection."""

    connection: Connection
    session_key: str = ""
    """The browser session that the handshake carried; empty without."""
    known: User | None = None
    app: int = 0
    room: int = 0
    """The app's global channel."""
    in_room: bool = True
    """Whether the connection receives the app's global channel."""

    @property
    def user(self) -> User:
        if self.known is None:
            raise ChatError(errors.NOT_LOGGED_IN, "Log in first.")
        return self.known

    def take(self, bucket: TokenBucket) -> None:
        """Take one of what the person may do. TOO_MUCH, with when to try again, if there is none."""
        if not bucket.take():
            raise ChatError(errors.TOO_MUCH, "You are doing this too fast.", retryAfter=round(bucket.retry_after(), 3))


@dataclass(slots=True)
class Call:
    """One request of a caller; `number` is its place among the connection's replies."""

    caller: Caller
    number: int
    appended: bool = False
    """Set by a handler whose event carries `origin`: the reply then takes the event's place in the log's order."""

    @property
    def user(self) -> User:
        return self.caller.user

    @property
    def origin(self) -> str:
        return self.caller.connection.origin(self.number)


Handler = Callable[[Call, Any], Awaitable[Any]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    handler: Handler
    takes: type[msgspec.Struct]
    fault: Code
    before_login: bool
    guests: bool
    pipelined: bool
    changes: bool
    """Whether it stores what others hear of, and counts among what a person may change."""


COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    *,
    fault: Code = errors.SERVER_ERROR,
    before_login: bool = False,
    guests: bool = False,
    pipelined: bool = False,
    changes: bool = True,
) -> Callable[[H], H]:
    """Register `async def handler(call, data)`; the annotation of `data` says what the command takes.

    `fault`: the code when the database fails in it. `pipelined`: the next request is read before this one is done, so
    the handler must take its place in the order before it first waits. `changes`: False for what has a fault of its
    own and yet does not count among the changes that a person may make in a time.
    """

    def register(handler: H) -> H:
        takes = get_type_hints(handler)["data"]
        COMMANDS[name] = Command(
            name, handler, takes, fault, before_login, guests, pipelined, changes and fault is not errors.SERVER_ERROR
        )
        return handler

    return register


class Nothing(msgspec.Struct):
    """No data is needed; what comes is ignored."""
