"""Lists the slash commands that a user can call in a channel."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from chat import payloads
from chat.models import Channel
from chat.selectors import Access
from chat.slash.builtin import BUILT_IN, BuiltIn
from chat.slash.selectors import commands_in


def slash_list(user: User, access: Access, app: int) -> list[dict[str, Any]]:
    """Return the commands as `SlashCommand`s: the site's own, then those of services by name."""
    is_group = access.channel.kind == Channel.Kind.PUBLIC
    own = [command for command in BUILT_IN.values() if _is_offered(command, user, is_group=is_group)]
    listed: list[dict[str, Any]] = [
        {"name": command.name, "hint": command.hint, "description": command.about} for command in own
    ]
    if user.is_guest:
        return listed
    return listed + [
        {
            "name": command.name,
            "hint": command.hint,
            "description": command.description,
            "service": payloads.person(command.bot),
        }
        for command in commands_in(access, app)
        if command.name not in BUILT_IN
    ]


def help_text(user: User, access: Access, app: int) -> str:
    """Return a line for each command."""
    listed = slash_list(user, access, app)
    return "\n".join(
        " ".join(filter(None, (f"/{one['name']}", one["hint"], "–", one["description"]))) for one in listed
    )


def _is_offered(command: BuiltIn, user: User, *, is_group: bool) -> bool:
    return (command.guests or not user.is_guest) and (is_group or not command.groups_only)
