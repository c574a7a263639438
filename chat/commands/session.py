"""Commands `login`, `heartbeat`, `ping` and `sync`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from django.conf import settings

from chat import encoders, reasons, selectors
from chat.actions import last_seen, session
from chat.actions.do_not_disturb import do_not_disturb_payload
from chat.commands.fields import Number
from chat.commands.registry import Call, Caller, Nothing, NoUserLimit, command
from chat.errors import ChatError
from chat.widgets.files import max_upload_bytes
from chat.widgets.sessions import widget_login
from chat.wire.schema import replies
from delivery import publish
from delivery.db.batches import BatchQueue
from delivery.db.executors import run
from delivery.hub.hub import CredentialRevoked
from delivery.replay import Replay, ReplayRange

MAX_SYNCS = 64
"""Syncs of clients that missed little, as after a restart of the node, which share their queries."""

COSTS_NOTHING = NoUserLimit("it reads and stores nothing")
NO_USER_YET = NoUserLimit("connections are limited by address, and new guests by IM_REGISTRATION_RATE")


class Login(msgspec.Struct):
    appId: int
    userId: str | None = None
    serviceToken: str | None = None
    after: Number | None = None


@command("login", returns=replies.LoggedIn, before_login=True, guests=True, limit=NO_USER_YET)
async def login(call: Call, data: Login) -> dict[str, Any]:
    """Authenticate this connection on an app. After the reply it gets all events of the user."""
    caller, connection = call.caller, call.caller.connection
    if caller.user is not None:
        raise ChatError(reasons.ALREADY_LOGGED_IN)
    opened = await _open_session(caller, data)
    user, app, hub = opened.user, opened.app, publish.hub()
    try:
        if data.after is not None:
            # This node may lag behind the node that reported this position, and would push known events again.
            await hub.catch_up_to(data.after)
        position = hub.attach(connection, call.number)
    except CredentialRevoked:
        raise ChatError(reasons.SESSION_ENDED) from None
    except BaseException:
        hub.unregister(connection)
        raise
    last_seen.record_login(connection)
    caller.user, caller.app, caller.default_channel = user, app.number, connection.only_channel or app.channel
    if data.after is not None and data.after != position:
        connection.is_synced, connection.reported_position = False, data.after
        position = data.after
    reply = {
        "userId": user.public_name,
        "id": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
        "appId": app.number,
        "appName": app.name,
        "target": str(caller.default_channel),
        "position": position,
    }
    if quiet := do_not_disturb_payload(user.do_not_disturb_until):
        reply["doNotDisturbUntil"] = quiet["until"]
    if caller.widget_origin and (limit := max_upload_bytes(user)):
        reply["uploadMaxBytes"] = limit
    if user.is_away:
        reply["away"] = True
    if opened.token:
        reply["serviceToken"] = opened.token
    return reply


async def _open_session(caller: Caller, data: Login) -> session.LoginResult:
    """Authenticate the connection. The cookie of a widget's handshake counts for nothing, and it is never a guest."""
    if caller.widget_origin:
        return await widget_login(
            caller.connection, data.serviceToken or "", origin=caller.widget_origin, app_number=data.appId
        )
    return await session.session_login(
        session.LoginAttempt(
            caller.connection,
            data.appId,
            name=data.userId,
            token=data.serviceToken or "",
            session_key=caller.session_key,
            in_global_channel=caller.in_global_channel,
        )
    )


@command("heartbeat", returns=replies.ReportedPosition, guests=True, limit=COSTS_NOTHING)
async def heartbeat(call: Call, data: Nothing) -> dict[str, Any]:
    """Keep the connection open. The reply has the position up to which the connection has been sent everything."""
    connection = call.caller.connection
    return {"position": publish.hub().watermark if connection.is_synced else connection.reported_position}


@command("ping", returns=Literal["pong"], before_login=True, guests=True, limit=COSTS_NOTHING)
async def ping(call: Call, data: Nothing) -> str:
    """Check that the site answers."""
    return "pong"


class Sync(msgspec.Struct):
    after: Number


async def _sync_together(ranges: Sequence[ReplayRange]) -> list[Replay]:
    return await run(selectors.sync_together, ranges)


_short_syncs: BatchQueue[ReplayRange, Replay] = BatchQueue(_sync_together, max_size=MAX_SYNCS, name="syncs")


@command("sync", returns=replies.SyncPage, guests=True)
async def sync(call: Call, data: Sync) -> dict[str, Any]:
    """Get a page of the events that concern you after a position. While `hasMore`, repeat from the new position."""
    connection, hub = call.caller.connection, publish.hub()
    await hub.catch_up_to(data.after)
    upto = hub.watermark
    if connection.only_channel is not None:
        # The replay has events of all channels. A widget shows one, and loads it again.
        connection.is_synced = True
        return {"reset": True, "position": upto}
    if hub.has_lost(data.after):
        connection.reported_position, connection.is_synced = upto, True
        return {"reset": True, "position": upto}
    wanted = ReplayRange(call.user.pk, data.after, upto)
    if wanted.is_short and upto - data.after <= settings.IM_SYNC_MAX_EVENTS:
        page = await _short_syncs.submit(wanted)
    else:
        page = await run(selectors.sync, call.user, after=data.after, upto=upto, limit=settings.IM_SYNC_MAX_EVENTS)
    if not connection.is_synced:
        connection.reported_position = page.position
        connection.is_synced = not page.has_more
    if page.reset:
        return {"reset": True, "position": page.position}
    hub.count_fetched(connection, page.entries)
    events = [encoders.envelope(entry) for entry in page.entries if encoders.is_push(entry)]
    return {"events": events, "position": page.position, "hasMore": page.has_more}
