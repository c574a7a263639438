"""Dispatches requests: finds the command, checks the data, calls the handler and maps every failure to a refusal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, NamedTuple

import msgspec
from django.db import DatabaseError, InterfaceError

from accounts.errors import AccountError
from accounts.numbers import parse_decimal
from chat import errors, reasons
from chat.account_errors import chat_error
from chat.commands.registry import COMMANDS, Call, Command, Nothing
from chat.commands.widget_rights import require_widget_channel, require_widget_fields
from chat.errors import ChatError, Code
from chat.widgets.files import resolve_references
from delivery import tracing
from delivery.log_throttle import log_recovery
from delivery.rate_limits.settled import SettledRateLimit

logger = logging.getLogger(__name__)


class Reply(NamedTuple):
    """The content of a reply, for both protocols. `reason` is the key of a refusal, empty for a success."""

    code: Code
    data: Any = None
    reason: str = ""


def find_command(name: str) -> Command | None:
    """Return the command of that name."""
    return COMMANDS.get(name)


async def dispatch(command: Command | None, call: Call, data: Any) -> Reply:
    """Execute a request and return its reply. `command` None is refused as unknown. Raises only CancelledError."""
    if command is None:
        return refusal_reply(ChatError(reasons.UNKNOWN_COMMAND))
    return await collect_reply(_execute(command, call, data), command.name, command.fault)


def refusal_reply(refusal: ChatError) -> Reply:
    """Return the reply for a refusal."""
    return Reply(refusal.code, refusal.data, refusal.reason.key)


async def collect_reply(work: Awaitable[Any], name: str, fault: Code) -> Reply:
    """Await the work of the command `name` and return its reply; `fault` is the code for a database error."""
    with tracing.span(name, kind="server") as span:
        reply = await _collect(work, name, fault)
        if span is not None:
            span.set_attribute("imsite.code", reply.code.number)
    return reply


async def _collect(work: Awaitable[Any], name: str, fault: Code) -> Reply:
    try:
        reply = Reply(errors.SUCCESS, await work)
    except ChatError as refusal:
        return refusal_reply(refusal)
    except AccountError as refusal:
        return refusal_reply(chat_error(refusal))
    except msgspec.ValidationError as error:
        return refusal_reply(ChatError(reasons.INVALID_DATA, sentence=str(error)))
    except (DatabaseError, InterfaceError) as error:
        logger.error("command_database_error", extra={"cmd": name, "error": type(error).__name__})
        return _failed(fault)
    except Exception:
        logger.exception("command_error", extra={"cmd": name})
        return _failed(errors.SERVER_ERROR)
    log_recovery(logger, "command_database_error", cmd=name)
    return reply


async def _execute(command: Command, call: Call, data: Any) -> Any:
    caller = call.caller
    if caller.user is None and not command.before_login:
        raise ChatError(reasons.LOGIN_REQUIRED)
    if caller.user is not None and caller.user.is_guest and not command.guests:
        raise ChatError(reasons.ACCOUNT_REQUIRED)
    if caller.widget_origin:
        require_widget_fields(command, data)
    parsed = _parse(command, data)
    if caller.widget_origin:
        require_widget_channel(caller.connection, parsed)
        resolve_references(caller.connection, parsed)
    if isinstance(command.limit, SettledRateLimit):
        caller.take(command.limit)
    return await command.handler(call, parsed)


def _parse(command: Command, data: Any) -> Any:
    """Return the data of a request in the shape that its command takes."""
    if command.takes is Nothing:
        return Nothing()
    if not isinstance(data, dict):
        raise ChatError(reasons.INVALID_DATA, sentence="data must be an object.")
    for name in command.integers & data.keys():
        # msgspec would take `"1e3"` as 1000.
        if isinstance(data[name], str) and parse_decimal(data[name].removeprefix("-")) is None:
            raise ChatError(reasons.INVALID_DATA, sentence=f"Expected `int`, got `str` - at `$.{name}`")
    return msgspec.convert(data, command.takes, strict=False)


def _failed(code: Code) -> Reply:
    refusal = ChatError(reasons.INTERNAL_ERROR)
    return Reply(code, refusal.data, refusal.reason.key)
