"""Registry of commands: their data and reply types, who can send them, and their codes for a database error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec
from msgspec import inspect

from chat import errors, reasons
from chat.errors import ChatError, Code
from delivery.hub.connection import Connection
from delivery.rate_limits.declared import CHANGES, READS
from delivery.rate_limits.settled import SettledRateLimit

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(slots=True)
class Caller:
    """The client at the other end of a connection."""

    connection: Connection
    session_key: str = ""
    """Key of the browser session whose cookie the handshake carried, else empty."""
    user: User | None = None
    """The user who has logged in; None before that."""
    app: int = 0
    default_channel: int = 0
    """Id of the app's global channel, to which messages without `target` go; 0 before login."""
    in_global_channel: bool = True
    """True if the connection receives the app's global channel."""
    widget_origin: str = ""
    """The origin of the page around a widget; empty for all other clients."""

    def require_user(self) -> User:
        """Return the user. Raise ChatError LOGIN_REQUIRED before login."""
        if self.user is None:
            raise ChatError(reasons.LOGIN_REQUIRED)
        return self.user

    def take(self, limit: SettledRateLimit) -> None:
        """Count a use by the user. Raise ChatError RATE_LIMITED with the seconds to wait if none is left."""
        if wait := limit.take(self.require_user().pk):
            raise ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope=limit.declared.counted_by)


@dataclass(slots=True)
class Call:
    """A request of a caller. `number` is the place of its reply among the connection's replies."""

    caller: Caller
    number: int
    awaits_event: bool = False
    """True if the handler appended an event with `origin`: the reply then takes the event's place in log order."""

    @property
    def user(self) -> User:
        return self.caller.require_user()

    @property
    def origin(self) -> str:
        """The `origin` of events that this request appends: its connection gets the reply instead of the push."""
        return self.caller.connection.origin(self.number)


Handler = Callable[[Call, Any], Awaitable[Any]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class NoUserLimit:
    """Says why a command counts against no rate limit of the user. All count against that of the connection."""

    because: str


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command; see `command` for the fields."""

    name: str
    handler: Handler
    takes: type[msgspec.Struct]
    returns: Any
    """Type of the reply's data: a struct of `chat.wire.schema`, or another type that msgspec knows."""
    fault: Code
    before_login: bool
    guests: bool
    pipelined: bool
    limit: SettledRateLimit | NoUserLimit
    """The rate limit of the user that it counts against."""
    integers: frozenset[str]
    """Names of the fields of `takes` that are integers."""


COMMANDS: dict[str, Command] = {}


def command(
    name: str,
    *,
    returns: Any,
    fault: Code = errors.SERVER_ERROR,
    before_login: bool = False,
    guests: bool = False,
    pipelined: bool = False,
    limit: SettledRateLimit | NoUserLimit | None = None,
) -> Callable[[H], H]:
    """Register `async def handler(call, data)`; the annotation of `data` is the struct that the command takes.

    `returns` is the type of the reply's data. `fault` is the code of the reply if the database fails. `before_login`
    and `guests`: it is allowed before login, and for guests. `pipelined`: the next request is read before this one is
    done, so the handler must take its place in the order before its first await. `limit` is the user's rate limit that
    it counts against; by default CHANGES for a command with a `fault` other than SERVER_ERROR, and READS for others.
    """

    def register(handler: H) -> H:
        takes = get_type_hints(handler)["data"]
        counted = limit or (READS if fault is errors.SERVER_ERROR else CHANGES)
        COMMANDS[name] = Command(
            name, handler, takes, returns, fault, before_login, guests, pipelined, counted, _integer_fields(takes)
        )
        return handler

    return register


def _integer_fields(shape: type[msgspec.Struct]) -> frozenset[str]:
    described = inspect.type_info(shape)
    assert isinstance(described, inspect.StructType)
    return frozenset(field.encode_name for field in described.fields if _is_integer(field.type))


def _is_integer(kind: inspect.Type) -> bool:
    match kind:
        case inspect.Metadata(type=inner):
            return _is_integer(inner)
        case inspect.UnionType(types=types):
            return any(map(_is_integer, types))
    return isinstance(kind, inspect.IntType)


class Nothing(msgspec.Struct):
    """Data of a command that takes none. Fields are ignored."""
