"""`slash-commands/`: the slash commands of services."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import AppNumber, Id, Shape
from chat.slash.selectors import all_commands

_EXAMPLE = {"id": "3", "name": "deploy", "hint": "<branch>", "description": "Deploy a branch.", "enabled": True}


class SlashCommand(Shape):
    """A command that users call by `/name`. Operators register it in the admin."""

    id: Id
    name: Annotated[str, Meta(description="Without its slash.")]
    hint: Annotated[str, Meta(description="Its arguments as users see them.")]
    description: str
    enabled: bool
    appId: Annotated[AppNumber | None, Meta(description="The only app on which it works.")] = None
    target: Annotated[Id | None, Meta(description="The only channel in which it works.")] = None


class SlashCommandList(Shape):
    """All commands of services, in the order of their names."""

    results: list[SlashCommand]


class SlashCommandListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_slashcommand"}

    @described(
        "List slash commands",
        gives={200: SlashCommandList},
        got={"One": {"results": [_EXAMPLE]}},
        tag="slash commands",
    )
    def get(self, request: Request) -> Response:
        """List the slash commands that operators have registered for services. Those of the site are not among them."""
        return answer({"results": [_shown(row) for row in all_commands()]})


def _shown(row: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": str(row.pk),
        "name": row.name,
        "hint": row.hint,
        "description": row.description,
        "enabled": row.enabled,
    }
    if row.app is not None:
        shown["appId"] = row.app.number
    if row.channel_id is not None:
        shown["target"] = str(row.channel_id)
    return shown
