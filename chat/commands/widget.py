"""Command `widget.renew`."""

from __future__ import annotations

from typing import Any

import msgspec

from chat import reasons
from chat.commands.registry import Call, command
from chat.errors import ChatError
from chat.widgets.sessions import widget_renew
from chat.wire.schema import replies


class Renew(msgspec.Struct):
    serviceToken: str


@command("widget.renew", returns=replies.RenewedWidget, guests=True)
async def renew(call: Call, data: Renew) -> dict[str, Any]:
    """Replace the token of an embedded channel by a new one for the same user and channel, before it expires.

    Only connections at `/widget` have such a token.
    """
    caller = call.caller
    if not caller.widget_origin:
        raise ChatError(reasons.WIDGET_TOKEN_INVALID)
    expires = await widget_renew(caller.connection, data.serviceToken, origin=caller.widget_origin)
    return {"expires": expires * 1000}
