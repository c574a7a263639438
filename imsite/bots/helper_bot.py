"""An example bot to start your own from: commands (`COMMANDS`), and the loop that answers them (`run`).

    manage.py service create helper
    manage.py token create helper "this machine" > helper.token
    manage.py bot --token-file helper.token

It answers in its app's global channel, in private channels, and in groups that it has been added to.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imsite.client import ClientConnection, Push, Refused

logger = logging.getLogger(__name__)

Call = Callable[..., Awaitable[Any]]
"""The type of `ClientConnection.call`."""

MAX_NAMES = 20
"""Users that `/who` names."""
DICE = re.compile(r"(?:(?P<count>[1-9]\d?)?d)?(?P<sides>[1-9]\d{0,3})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command that a user sent: the words behind its name, and a way to call the site."""

    arguments: str
    call: Call


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the bot: its help text, and the function that returns its answer."""

    help: str
    answer: Callable[[CommandRequest], Awaitable[str]]


COMMANDS: dict[str, Command] = {}


def command(name: str, help: str) -> Callable[[Callable[[CommandRequest], Awaitable[str]]], None]:
    """Register the decorated function as the answer to messages that begin with `name`."""

    def register(answer: Callable[[CommandRequest], Awaitable[str]]) -> None:
        COMMANDS[name] = Command(help, answer)

    return register


@command("/help", "list the commands")
async def _help(request: CommandRequest) -> str:
    return "\n".join(f"{name}: {command.help}" for name, command in COMMANDS.items())


@command("/roll", "roll dice: /roll 20, /roll 2d6")
async def _roll(request: CommandRequest) -> str:
    dice = DICE.fullmatch(request.arguments or "6")
    if dice is None:
        return "Ask for dice like this: /roll 2d6"
    rolls = [random.randint(1, int(dice["sides"])) for _ in range(int(dice["count"] or 1))]
    return f"{sum(rolls)}" if len(rolls) == 1 else f"{' + '.join(map(str, rolls))} = {sum(rolls)}"


@command("/who", "list who is online")
async def _who(request: CommandRequest) -> str:
    reply = await request.call("presence.list", retry=True)
    names = sorted(user["name"] for user in reply["online"])
    rest = reply["count"] - len(names[:MAX_NAMES])
    return f"{reply['count']} online: {', '.join(names[:MAX_NAMES])}{f' and {rest} more' if rest > 0 else ''}"


async def answer(text: str, call: Call) -> str | None:
    """Return the bot's answer to a message; None for messages that are not commands."""
    name, _, arguments = text.strip().partition(" ")
    command = COMMANDS.get(name.lower())
    return await command.answer(CommandRequest(arguments.strip(), call)) if command is not None else None


async def run(connection: ClientConnection, state_file: Path | None = None) -> None:
    """Answer commands until the connection ends. A `state_file` lets the bot answer messages it missed while away."""
    async for push in connection:
        if push.cmd == "msg" and not connection.is_own(push):
            await _answer_message(connection, push)
        if state_file is not None and connection.position is not None:
            save_position(state_file, connection.position)


async def _answer_message(connection: ClientConnection, push: Push) -> None:
    message = push.data
    try:
        text = await answer(message["msg"], connection.call)
        if text is not None:
            # The key prevents a second answer if the bot dies between sending it and saving its position.
            key = f"answer-{message['id']}"
            await connection.send(text, target=message["target"], reply_to=message["id"], idempotency_key=key)
    except Refused as error:
        # An error such as a closed channel must not stop the bot.
        logger.info("message_refused", extra={"code": error.code})


def save_position(state_file: Path, position: int) -> None:
    """Store the position atomically."""
    temporary = state_file.with_suffix(".new")
    temporary.write_text(str(position))
    temporary.replace(state_file)


def load_position(state_file: Path) -> int | None:
    """Return the stored position; None if there is none."""
    return int(state_file.read_text()) if state_file.exists() else None
