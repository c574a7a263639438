"""`/user/…`: who is online, and messages from other systems."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from chat import errors
from chat.actions import gateway
from chat.api import parameters
from chat.api.call import Call, answer


class UserList(Call):
    def get(self, request: Request) -> Response:
        """Who is online on an app."""
        names = gateway.names_online(app_number=parameters.app(request))
        return answer({"userList": names, "userCount": len(names)})


class UserOnline(Call):
    def get(self, request: Request) -> Response:
        """Whether somebody is online, on an app or on any."""
        name = parameters.text(request, "userID")
        online = gateway.is_online(name=name, app_number=parameters.app_or_any(request))
        return answer({"userID": name, "online": online})


class SendMessage(Call):
    fault = errors.STORE_FAILED

    def post(self, request: Request) -> Response:
        """Say something to a person, as the calling service."""
        results = gateway.message_send_to_person(
            caller=request.user,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app_or_any(request),
        )
        return _sent(results)


class SendMessageAll(Call):
    fault = errors.STORE_FAILED

    def post(self, request: Request) -> Response:
        """Say something to everybody on an app, in somebody's name."""
        results = gateway.message_send_to_app(
            caller=request.user,
            name=parameters.text(request, "userID"),
            msg_id=parameters.text(request, "msgID"),
            text=parameters.text(request, "message"),
            app_number=parameters.app(request),
        )
        return _sent(results)


def _sent(results: bool | None) -> Response:
    """A repeated call is answered with empty data."""
    return answer({} if results is None else {"sendResults": results})
