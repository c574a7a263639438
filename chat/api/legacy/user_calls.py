"""`/user/…`: online users, and messages from other systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat import errors
from chat.actions import legacy_messages
from chat.api.legacy import parameters
from chat.api.legacy.async_call import async_call
from chat.api.legacy.openapi import NUMBER, TEXT, YES_OR_NO, object_schema, text_fields
from chat.api.legacy.parameters import ParameterSource
from chat.selectors import legacy_presence

if TYPE_CHECKING:
    from accounts.models import User

TAG = "push"
APP = ("The number of the app.", NUMBER, 101)
ANY_APP = ("The number of the app; absent or 0: any.", NUMBER, 101)
USER_ID = ("An account's user name or a guest's name.", TEXT, "alice")
MSG_ID = ("Idempotency key: a repeat within IM_LEGACY_IDEMPOTENCY_HOURS sends nothing.", TEXT, "build-812")
MESSAGE = ("The text.", TEXT, "Your build is green.")
SENT = {"sendResults": True}


@async_call(
    "/user/list",
    "List online users of an app",
    tag=TAG,
    gives=object_schema(userList=text_fields(), userCount=NUMBER),
    got={"userList": ["alice", "夏圭？"], "userCount": 2},
    appID=APP,
)
async def online_users(request: ParameterSource, caller: User | None) -> dict[str, Any]:
    """List the users online on an app."""
    names = await legacy_presence.names_online(app_number=parameters.app(request))
    return {"userList": names, "userCount": len(names)}


@async_call(
    "/user/online",
    "Get a user's online status",
    tag=TAG,
    gives=object_schema(userID=TEXT, online=YES_OR_NO),
    got={"userID": "alice", "online": True},
    optional={"appID"},
    userID=USER_ID,
    appID=ANY_APP,
)
async def user_online(request: ParameterSource, caller: User | None) -> dict[str, Any]:
    """Tell whether a user is online, on an app or on any."""
    name = parameters.text(request, "userID")
    online = await legacy_presence.is_online(name=name, app_number=parameters.app_or_any(request))
    return {"userID": name, "online": online}


@async_call(
    "/user/sendMessage",
    "Send to a user",
    method="POST",
    fault=errors.STORE_FAILED,
    tag=TAG,
    gives=object_schema(sendResults=YES_OR_NO),
    got=SENT,
    optional={"appID"},
    userID=USER_ID,
    appID=ANY_APP,
    msgID=MSG_ID,
    message=MESSAGE,
)
async def send_message(request: ParameterSource, caller: User | None) -> dict[str, Any]:
    """Send a message to a user, as the calling service."""
    return _sent(
        await legacy_messages.message_send_to_name(
            caller=caller,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app_or_any(request),
        )
    )


@async_call(
    "/user/sendMessageAll",
    "Send to everyone on an app",
    method="POST",
    fault=errors.STORE_FAILED,
    tag=TAG,
    gives=object_schema(sendResults=YES_OR_NO),
    got=SENT,
    userID=("In whose name; they do not get it.", TEXT, "alice"),
    appID=APP,
    msgID=MSG_ID,
    message=MESSAGE,
)
async def send_message_to_app(request: ParameterSource, caller: User | None) -> dict[str, Any]:
    """Send a message to everyone on an app, in a user's name."""
    return _sent(
        await legacy_messages.message_send_to_app(
            caller=caller,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app(request),
        )
    )


def _sent(results: bool | None) -> dict[str, Any]:
    """Return the data of a send; empty for a repeated call (None)."""
    return {} if results is None else {"sendResults": results}
