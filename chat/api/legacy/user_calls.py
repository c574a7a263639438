"""`/user/…`: online users, and messages from other systems."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chat import errors
from chat.actions import legacy_messages
from chat.api.legacy import parameters
from chat.api.legacy.async_call import async_call
from chat.api.legacy.call import LegacyCallView, answer
from chat.api.legacy.openapi import NUMBER, TEXT, YES_OR_NO, form_call, object_schema, text_fields
from chat.api.legacy.parameters import ParameterSource
from chat.selectors import legacy_presence

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
async def online_users(request: ParameterSource) -> dict[str, Any]:
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
async def user_online(request: ParameterSource) -> dict[str, Any]:
    """Tell whether a user is online, on an app or on any."""
    name = parameters.text(request, "userID")
    online = await legacy_presence.is_online(name=name, app_number=parameters.app_or_any(request))
    return {"userID": name, "online": online}


class SendMessageView(LegacyCallView):
    fault = errors.STORE_FAILED

    @form_call(
        "Send to a user",
        tag=TAG,
        gives=object_schema(sendResults=YES_OR_NO),
        got=SENT,
        optional={"appID"},
        userID=USER_ID,
        appID=ANY_APP,
        msgID=MSG_ID,
        message=MESSAGE,
    )
    def post(self, request: Request) -> Response:
        """Send a message to a user, as the calling service."""
        results = legacy_messages.message_send_to_name(
            caller=request.user,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app_or_any(request),
        )
        return _sent(results)


class SendMessageAllView(LegacyCallView):
    fault = errors.STORE_FAILED

    @form_call(
        "Send to everyone on an app",
        tag=TAG,
        gives=object_schema(sendResults=YES_OR_NO),
        got=SENT,
        userID=("In whose name; they do not get it.", TEXT, "alice"),
        appID=APP,
        msgID=MSG_ID,
        message=MESSAGE,
    )
    def post(self, request: Request) -> Response:
        """Send a message to everyone on an app, in a user's name."""
        results = legacy_messages.message_send_to_app(
            caller=request.user,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app(request),
        )
        return _sent(results)


def _sent(results: bool | None) -> Response:
    """Return the response to a send; for a repeated call (None) its data is empty."""
    return answer({} if results is None else {"sendResults": results})
