"""Dispatches requests: finds the command, checks the data, calls the handler and maps every failure to a code."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError

from chat import errors
from chat.commands.registry import COMMANDS, Call, Command, Nothing
from chat.errors import ChatError, Code

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    code: Code
    data: Any = None


def find(name: str) -> Command | None:
    return COMMANDS.get(name)


async def answer(command: Command | None, call: Call, data: Any) -> Answer:
    """Carry out a request and return its answer; failures are answers too. Raise only when cancelled."""
    if command is None:
        return await outcome(_unknown(), "", errors.SERVER_ERROR)
    return await outcome(_carried_out(command, call, data), command.name, command.fault)


async def _unknown() -> None:
    raise ChatError(errors.NO_SUCH_COMMAND, "There is no such command.")


async def _carried_out(command: Command, call: Call, data: Any) -> Any:
    caller = call.caller
    if caller.user is None and not command.before_login:
        raise ChatError(errors.NOT_LOGGED_IN, "Log in first.")
    if caller.user is not None and caller.user.is_guest and not command.guests:
        raise ChatError(errors.NOT_AUTHORISED, "Guests use their app's room only. Register to do more.")
    asked = _read(command, data)
    if command.changes:
        caller.take(caller.connection.rate_limits.changes)
    return await command.handler(call, asked)


def _read(command: Command, data: Any) -> Any:
    """Convert a request's data to the struct that its command takes."""
    if command.takes is Nothing:
        return Nothing()
    if not isinstance(data, dict):
        raise ChatError(errors.ILLEGAL_PARAMETER, "data must be an object.")
    return msgspec.convert(data, command.takes, strict=False)


async def outcome(work: Awaitable[Any], name: str, fault: Code) -> Answer:
    """Await the work of the command `name` and return its answer, with the code `fault` if the database fails."""
    try:
        return Answer(errors.SUCCESS, await work)
    except ChatError as refusal:
        return Answer(refusal.code, refusal.data)
    except msgspec.ValidationError as error:
        return Answer(errors.ILLEGAL_PARAMETER, {"error": str(error)})
    except (DatabaseError, InterfaceError) as error:
        logger.error("command_database_fault", extra={"cmd": name, "error": type(error).__name__})
        return Answer(fault, {"error": "A fault here. Try again."})
    except Exception:
        logger.exception("command_fault", extra={"cmd": name})
        return Answer(errors.SERVER_ERROR, {"error": "A fault here. Try again."})
