"""Content of the protocol page, collected from the registries: commands, replies, pushes, codes, reasons and frames."""

from __future__ import annotations

import functools
import inspect
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from google.protobuf.descriptor import FieldDescriptor

import chat.commands  # noqa: F401  registers them
from chat import errors
from chat.account_errors import ALL_REASONS
from chat.commands.registry import COMMANDS, Command
from chat.wire import im_pb2
from chat.wire.schema.events import EVENTS
from imsite.api_docs import types
from imsite.api_docs.types import Described, Field
from imsite.options import OPTIONS

LIMITS = (
    "IM_MAX_FRAME_BYTES",
    "IM_MESSAGE_MAX_LENGTH",
    "IM_SEND_RATE",
    "IM_SEND_BURST",
    "IM_SEARCH_RATE",
    "IM_SEARCH_BURST",
    "IM_REQUEST_RATE",
    "IM_REQUEST_BURST",
    "IM_LOGIN_TIMEOUT",
    "IM_HEARTBEAT_TIMEOUT",
    "IM_SYNC_MAX_EVENTS",
    "IM_GROUP_MAX_MEMBERS",
    "IM_MAX_CONNECTIONS_PER_USER",
    "IM_PRESENCE_LIMIT",
)


@dataclass(frozen=True, slots=True)
class CommandText:
    name: str
    about: str
    takes: list[Field]
    gives: Described | None
    """The type of the reply's data, if it has its own entry on the page or is no object."""
    reply: list[Field]
    before_login: bool
    guests: bool
    fault: errors.Code


@dataclass(frozen=True, slots=True)
class PushText:
    name: str
    about: str
    is_logged: bool
    webhook_events: list[str]
    data: list[Field]
    shape: str


@dataclass(frozen=True, slots=True)
class ShapeText:
    name: str
    about: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class ReasonText:
    """A reason of refusals. `sentence` shows its parameters as `{name}`."""

    key: str
    code: int
    about: str
    sentence: str
    retry: bool


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    value: Any
    about: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A message or enumeration of the protobuf protocol: names, types and numbers of its fields."""

    name: str
    fields: list[tuple[str, str, int]]


@functools.cache
def shared() -> dict[str, type[msgspec.Struct]]:
    """Return the object types that have their own entry on the page, by name: those that others contain or share."""
    kinds = [command.returns for command in COMMANDS.values()]
    kinds += [kind.data for kind in EVENTS.values() if kind.is_push]
    of_shapes = [hint for shape in types.shapes(kinds) for hint in _hints(shape)]
    inner = {shape.__name__: shape for shape in types.shapes(of_shapes)}
    several = [kind for kind in kinds if _is_shape(kind) and kinds.count(kind) > 1 and len(types.fields(kind)) > 5]
    return dict(sorted((inner | {shape.__name__: shape for shape in several}).items()))


def commands() -> dict[str, list[CommandText]]:
    """Return the commands by noun, first those without one, which are about the connection."""
    found: dict[str, list[CommandText]] = {"": []}
    for command in sorted(COMMANDS.values(), key=lambda command: command.name):
        noun = command.name.rpartition(".")[0]
        found.setdefault(noun, []).append(_command(command))
    return found


def pushes() -> list[PushText]:
    """Return the kinds of events that clients get."""
    return [
        PushText(
            kind.name,
            kind.about,
            kind.is_logged,
            [event.name for event in kind.webhooks],
            types.fields(kind.data),
            _shared_name(kind.data),
        )
        for kind in EVENTS.values()
        if kind.is_push
    ]


def shapes() -> list[ShapeText]:
    """Return the object types that have their own entry on the page."""
    return [ShapeText(name, description(shape), types.fields(shape)) for name, shape in shared().items()]


def limits() -> list[Limit]:
    """Return the limits that clients can reach, with this site's values."""
    descriptions = {option.name: option.description for option in OPTIONS}
    return [Limit(name, getattr(settings, name), descriptions[name]) for name in LIMITS]


def reasons() -> list[ReasonText]:
    """Return the reasons of refusals, ordered by code."""
    known = sorted(ALL_REASONS.values(), key=lambda reason: (reason.code.number, reason.key))
    return [
        ReasonText(
            reason.key,
            reason.code.number,
            reason.when,
            _PARAMETER.sub(r"{\1}", reason.text),
            reason.retry,
        )
        for reason in known
    ]


def closes() -> list[errors.Close]:
    """Return the site's own WebSocket close codes."""
    found = [value for value in vars(errors).values() if isinstance(value, errors.Close)]
    return sorted(found, key=lambda close: close.number)


def frames() -> list[Frame]:
    """Return the messages of `/ws`."""
    return [
        Frame(name, [(field.name, _protobuf_type(field), field.number) for field in message.fields])
        for name, message in im_pb2.DESCRIPTOR.message_types_by_name.items()
    ]


def enums() -> list[Frame]:
    """Return the enumerations of `/ws`: each value's name and number."""
    return [
        Frame(name, [(value.name, "", value.number) for value in enum.values])
        for name, enum in im_pb2.DESCRIPTOR.enum_types_by_name.items()
    ]


def description(documented: Any) -> str:
    """Return the object's own docstring as one paragraph; empty if it has none."""
    own = documented.__dict__.get("__doc__") if isinstance(documented, type) else documented.__doc__
    return " ".join(inspect.cleandoc(own).split()) if own else ""


def _command(command: Command) -> CommandText:
    reply = command.returns
    name = _shared_name(reply)
    return CommandText(
        command.name,
        description(command.handler),
        types.fields(command.takes),
        types.described(msgspec.inspect.type_info(reply)) if name or not _is_shape(reply) else None,
        types.fields(reply) if _is_shape(reply) and not name else [],
        command.before_login,
        command.guests,
        command.fault,
    )


def _shared_name(kind: Any) -> str:
    """Return the type's name if it has its own entry on the page, else an empty string."""
    name = str(getattr(kind, "__name__", ""))
    return name if shared().get(name) is kind else ""


def _is_shape(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _hints(shape: type[msgspec.Struct]) -> list[Any]:
    return [field.type for field in msgspec.structs.fields(shape)]


def _protobuf_type(field: FieldDescriptor) -> str:
    kind = field.message_type or field.enum_type
    name = kind.name if kind else _SCALARS[field.type]
    return f"repeated {name}" if field.is_repeated else name


_PARAMETER = re.compile(r"%\((\w+)\)s")

_SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in vars(FieldDescriptor).items()
    if name.startswith("TYPE_")
}
