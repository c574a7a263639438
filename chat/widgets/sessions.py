"""Log-in of a widget by its token, and the renewal of the token on the same connection."""

from __future__ import annotations

from chat import reasons
from chat.actions.session import LoginResult, register_connection
from chat.errors import ChatError
from chat.widgets.selectors import widget_user
from chat.widgets.tokens import WidgetToken, read_widget_token
from delivery import publish
from delivery.db.executors import run
from delivery.hub.connection import Connection


async def widget_login(connection: Connection, token: str, *, origin: str, app_number: int) -> LoginResult:
    """Authenticate the connection of a widget on a page of this origin, and register it at the hub for its one channel.

    Raise ChatError with the reasons of `read_widget_token`, `widget_user` and `register_connection`.
    """
    read = read_widget_token(token, origin=origin)
    with publish.hub().audience.record_changes() as changes:
        found = await run(widget_user, read, app_number)
        connection.only_channel = read.channel
        register_connection(
            connection,
            found.app,
            found.user,
            credential=read.issuer,
            expires=read.expires,
            memberships=found.memberships,
            changes=changes,
            in_global_channel=found.is_global,
        )
    return LoginResult(found.user, found.app)


async def widget_renew(connection: Connection, token: str, *, origin: str) -> int:
    """Let the connection live until the new token expires, and return that time in Unix seconds.

    Raise ChatError WIDGET_TOKEN_INVALID for a token of another user or channel, and as `widget_login`.
    """
    read = read_widget_token(token, origin=origin)
    with publish.hub().audience.record_changes() as changes:
        await run(widget_user, read, connection.app)
        _require_same(connection, read)
        connection.credential = read.issuer
        publish.hub().audience.extend(connection, read.expires, changes)
    return read.expires


def _require_same(connection: Connection, token: WidgetToken) -> None:
    if (connection.user_id, connection.only_channel) != (token.user_id, token.channel):
        raise ChatError(reasons.WIDGET_TOKEN_INVALID)
