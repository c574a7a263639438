"""Command `presence.set`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from chat import errors
from chat.actions.away import AWAY, presence_mode, presence_set
from chat.commands.registry import Call, command
from chat.wire.schema import activity
from delivery.db.executors import run


class Presence(msgspec.Struct):
    presence: Literal["auto", "away"]


@command("presence.set", returns=activity.PresenceMode, fault=errors.STORE_FAILED)
async def set_presence(call: Call, data: Presence) -> dict[str, Any]:
    """Be shown as away until you choose `auto`: then you are away while none of your pages reports input.

    Your connections opened with `?activity=1` get `presence.mode`.
    """
    await run(presence_set, user=call.user, is_away=data.presence == AWAY)
    return presence_mode(call.user)
