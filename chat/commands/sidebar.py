"""Commands about the user's own arrangement of their list of channels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chat import errors
from chat.actions.sidebar import sidebar_change, sidebar_payload
from chat.commands.fields import Id, Number
from chat.commands.registry import Call, Nothing, command
from chat.selectors.sidebar import sidebar_of
from chat.wire.schema import marks
from delivery.db.executors import run


@command("sidebar.get", returns=marks.SidebarArrangement)
async def get(call: Call, data: Nothing) -> dict[str, Any]:
    """Return your arrangement of your list of channels: its order, and your own sections."""
    return sidebar_payload(await run(sidebar_of, call.user))


class Section(msgspec.Struct):
    name: str
    channels: Annotated[list[Id], Meta(max_length=10_000)]


class Change(msgspec.Struct):
    revision: Number
    sort: Literal["latest", "name", "unread"] | None = None
    sections: Annotated[list[Section], Meta(max_length=1000)] | None = None


@command("sidebar.change", returns=marks.SidebarArrangement, fault=errors.STORE_FAILED)
async def change(call: Call, data: Change) -> dict[str, Any]:
    """Replace the order of your list of channels, your own sections, or both; an absent field stays unchanged.

    `revision` is that of the arrangement that you change. If it has changed meanwhile, the request is refused: get it
    and try again. Channels that you do not have are left out, and a channel stays in the first section that names it.
    Your other connections get `sidebar.changed`.
    """
    sections = None if data.sections is None else [(one.name, one.channels) for one in data.sections]
    sidebar = await run(
        sidebar_change,
        user=call.user,
        revision=data.revision,
        sort=data.sort,
        sections=sections,
        connection=call.caller.connection,
    )
    return sidebar_payload(sidebar)
