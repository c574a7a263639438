"""`widget-tokens/`: tokens with which a page of another site shows one channel to a user of the service."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.external_users import ExternalUserData
from chat import reasons
from chat.actions.idempotency import run_once
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import Id, Milliseconds, Shape, number
from chat.api.v1.users import ExternalId, Nickname
from chat.errors import ChatError
from chat.origins import normalize_origin, widget_origin_allowed
from chat.widgets.issuing import widget_token_for_external_user
from chat.widgets.selectors import ISSUER_PERMISSION

Origin = Annotated[
    str, Meta(max_length=300, description="The origin of the page, such as `https://shop.example`: one of the allowed.")
]


class WidgetTokenRequest(Shape):
    """A new user without a nickname is shown by the service's name."""

    externalId: ExternalId
    channel: Id
    origin: Origin
    nickname: Nickname | None = None


class WidgetToken(Shape):
    token: Annotated[str, Meta(description="For the widget on this page only. No call and no other log-in accepts it.")]
    expires: Milliseconds
    userId: str


class WidgetTokenView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": ISSUER_PERMISSION}

    @described(
        "Issue a widget token",
        takes=WidgetTokenRequest,
        gives={201: WidgetToken, 200: WidgetToken},
        refuses=(404,),
        idempotent=True,
        sent={
            "A customer": {
                "externalId": "c-1001",
                "nickname": "Ma Yuan",
                "channel": "7",
                "origin": "https://shop.example",
            }
        },
        got={"Made": {"token": "WzE0…", "expires": 1798761600000, "userId": "shop.5f0c9a1be2d34478"}},
        tag="users",
    )
    def post(self, request: Request) -> Response:
        """Issue a token with which a page embeds one channel for one of the service's own users.

        It is valid for this user, channel and origin, for IM_WIDGET_TOKEN_SECONDS. A user that does not exist is
        created. With `chat.add_membership`, a user who has never been in the group is added to it.
        """
        data = self.body(request, WidgetTokenRequest)
        if not widget_origin_allowed(data.origin, host=request.get_host(), secure=request.is_secure()):
            raise ChatError(reasons.WIDGET_ORIGIN_NOT_ALLOWED, field="origin")

        def make() -> dict[str, Any]:
            issued = widget_token_for_external_user(
                service=request.user,
                user=ExternalUserData(data.externalId, data.nickname or ""),
                channel_id=number(data.channel),
                origin=normalize_origin(data.origin),
            )
            return {"token": issued.token, "expires": issued.expires * 1000, "userId": issued.user.public_name}

        body, repeated = run_once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)
