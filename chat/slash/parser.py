"""Reads the text of a slash command and its arguments. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from chat import reasons
from chat.errors import ChatError

_COMMAND = re.compile(r"/([^\s/]{1,100})(?:\s+(.*))?", re.DOTALL)
_NAME = re.compile(r"[^\W_][\w-]*")
_UNITS = {"天": "d", "小时": "h", "分钟": "m", "分": "m"}
_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?", re.ASCII)
MAX_DURATION_SECONDS = 366 * 86_400


@dataclass(frozen=True, slots=True)
class SlashText:
    """The name of a command without its slash, in lower case, and its arguments as they were typed."""

    name: str
    arguments: str


def parse(text: str) -> SlashText:
    """Return the parts of a command. Raise ChatError NOT_A_SLASH_COMMAND for a text that is none."""
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        raise ChatError(reasons.NOT_A_SLASH_COMMAND, field="text")
    return SlashText(normalize_name(match[1]), (match[2] or "").strip())


def normalize_name(text: str) -> str:
    """Return the name in the form in which names are compared and stored."""
    return unicodedata.normalize("NFKC", text).lower().removeprefix("/")


def is_name(name: str) -> bool:
    """Return whether a command can have this name."""
    return _NAME.fullmatch(name) is not None


def parse_names(arguments: str) -> list[str]:
    """Return the user names in the arguments, each with or without `@`."""
    return [name for part in arguments.split() if (name := part.removeprefix("@").rstrip(",，、"))]


def parse_duration(text: str) -> int | None:
    """Return the seconds of a duration such as `30m`, `1h30m`, `2d` or `2小时`; None if it is none, or too long."""
    short = re.sub("天|小时|分钟|分", lambda unit: _UNITS[unit[0]], text.strip().lower().replace(" ", ""))
    match = _DURATION.fullmatch(short)
    if match is None or not short:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    seconds = days * 86_400 + hours * 3600 + minutes * 60
    return seconds if 0 < seconds <= MAX_DURATION_SECONDS else None
