"""An example of a bot, to begin one's own with: what it knows (`COMMANDS`), apart from how it listens (`listen`).

    manage.py service create helper
    manage.py token create helper "this machine" > helper.token
    manage.py bot --token-file helper.token

It answers in its app's room, in private, and in groups that somebody has invited it to.
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
"""`ClientConnection.call`, or in a test something like it."""

NAMED = 20
"""People whom `/who` names."""
DICE = re.compile(r"(?:(?P<count>[1-9]\d?)?d)?(?P<sides>[1-9]\d{0,3})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked: the words behind the command, and a way to ask the site."""

    words: str
    call: Call


@dataclass(frozen=True, slots=True)
class Command:
    meaning: str
    answer: Callable[[Asked], Awaitable[str]]


COMMANDS: dict[str, Command] = {}


def command(name: str, meaning: str) -> Callable[[Callable[[Asked], Awaitable[str]]], None]:
    """Register the function that answers to a message which begins with that word."""

    def register(answer: Callable[[Asked], Awaitable[str]]) -> None:
        COMMANDS[name] = Command(meaning, answer)

    return register


@command("/help", "what I know")
async def _help(asked: Asked) -> str:
    return "\n".join(f"{name}: {one.meaning}" for name, one in COMMANDS.items())


@command("/roll", "a die, or several: /roll 20, /roll 2d6")
async def _roll(asked: Asked) -> str:
    found = DICE.fullmatch(asked.words or "6")
    if found is None:
        return "Ask for dice like this: /roll 2d6"
    rolled = [random.randint(1, int(found["sides"])) for _ in range(int(found["count"] or 1))]
    return f"{sum(rolled)}" if len(rolled) == 1 else f"{' + '.join(map(str, rolled))} = {sum(rolled)}"


@command("/who", "who is online")
async def _who(asked: Asked) -> str:
    told = await asked.call("presence.list", repeat=True)
    names = sorted(person["name"] for person in told["online"])
    rest = told["count"] - len(names[:NAMED])
    return f"{told['count']} online: {', '.join(names[:NAMED])}{f' and {rest} more' if rest > 0 else ''}"


async def answer(text: str, call: Call) -> str | None:
    """What the bot says to a message; None to all that is not for it."""
    name, _, words = text.strip().partition(" ")
    known = COMMANDS.get(name.lower())
    return await known.answer(Asked(words.strip(), call)) if known is not None else None


async def listen(line: ClientConnection, place: Path | None = None) -> None:
    """Answer until the line ends for good. With a `place`, what was asked while the bot was away is answered too."""
    async for push in line:
        if push.cmd == "msg" and not line.wrote(push):
            await _reply(line, push)
        if place is not None and line.position is not None:
            remember(place, line.position)


async def _reply(line: ClientConnection, push: Push) -> None:
    said = push.data
    try:
        told = await answer(said["msg"], line.call)
        if told is not None:
            # One answer to a message, even if this bot dies between sending it and remembering that it has.
            await line.send(told, target=said["target"], reply_to=said["id"], key=f"answer-{said['id']}")
    except Refused as refusal:
        # A closed channel, say: no reason to stop listening.
        logger.info("message_refused", extra={"code": refusal.code})


def remember(place: Path, position: int) -> None:
    """Keep how far the bot has come, whole or not at all."""
    fresh = place.with_suffix(".new")
    fresh.write_text(str(position))
    fresh.replace(place)


def remembered(place: Path) -> int | None:
    """How far it had come; None for a new one."""
    return int(place.read_text()) if place.exists() else None
