"""`users/external/…`: users of a business, by the ids that it has for them, without a second sign-up."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions as accounts
from accounts.actions.external_users import ExternalUserData
from accounts.errors import NoSuchUser
from accounts.selectors.external_users import external_user_by_id, external_users_page
from chat import reasons
from chat.actions.idempotency import run_once
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Milliseconds, Shape
from chat.api.v1.users import ALICE, ExternalId, Nickname, UserAccount, user_body
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User

MAYUAN = ALICE | {"userId": "shop.5f0c9a1be2d34478", "name": "Ma Yuan"}


class ExternalUserRequest(Shape):
    """Absent fields are not changed. A new user without a nickname is shown by the service's name."""

    nickname: Nickname | None = None
    avatar: (
        Annotated[str, Meta(description="A JPEG, PNG, WebP or GIF in Base64, which is re-encoded; empty: none.")] | None
    ) = None


class ExternalUser(UserAccount):
    created: bool


class ListedExternalUser(UserAccount):
    externalId: ExternalId


class ExternalUserPage(Shape):
    results: list[ListedExternalUser]
    next: str | None


class TokenRequest(Shape):
    seconds: (
        Annotated[int, Meta(ge=1, description="Validity in seconds; IM_EXTERNAL_TOKEN_SECONDS if absent.")] | None
    ) = None


class IssuedToken(Shape):
    serviceToken: Annotated[str, Meta(description="The user's token for `login` on a connection. Returned only once.")]
    expires: Milliseconds
    userId: str


class ExternalUserListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "accounts.view_externaluser"}

    @described(
        "List external users",
        gives={200: ExternalUserPage},
        query=(LIMIT, CURSOR),
        got={"One": {"results": [MAYUAN | {"externalId": "c-1001"}], "next": None}},
        tag="users",
    )
    def get(self, request: Request) -> Response:
        """List the users that this service created, oldest first, with its ids for them."""
        page = pagination.requested_page(request)
        rows = external_users_page(request.user, after=page.number, limit=page.limit)
        page_rows = rows[: page.limit]
        results = [user_body(row.user) | {"externalId": row.external_id} for row in page_rows]
        return answer(pagination.page_body(results, next=page_rows[-1].pk if len(rows) > page.limit else None))


class ExternalUserView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "accounts.view_externaluser",
        "PUT": "accounts.add_externaluser",
        "DELETE": "accounts.delete_externaluser",
    }

    @described("Get an external user", gives={200: UserAccount}, refuses=(404,), got={"Known": MAYUAN}, tag="users")
    def get(self, request: Request, external_id: str) -> Response:
        """Return the user that this service created for one of its own ids."""
        return answer(user_body(_own(request, external_id)))

    @described(
        "Create or update an external user",
        takes=ExternalUserRequest,
        gives={201: ExternalUser, 200: ExternalUser},
        sent={"With a nickname": {"nickname": "Ma Yuan"}},
        got={"Made": MAYUAN | {"created": True}},
        tag="users",
    )
    def put(self, request: Request, external_id: str) -> Response:
        """Create or change the user of one of the service's own ids. A repeated call changes nothing."""
        data = self.body(request, ExternalUserRequest)
        picture = None if data.avatar is None else _picture(data.avatar)
        known = accounts.external_user_upsert(
            service=request.user, data=ExternalUserData(external_id, data.nickname or "")
        )
        user = known.user
        if picture:
            user = accounts.avatar_set(user_id=user.pk, picture=picture)
        elif picture is not None and user.avatar:
            user = accounts.avatar_remove(user_id=user.pk)
        return answer(user_body(user) | {"created": known.created}, 201 if known.created else 200)

    @described("Deactivate an external user", gives={204: None}, refuses=(404,), tag="users")
    def delete(self, request: Request, external_id: str) -> Response:
        """Deactivate the user: tokens and connections end. Messages stay."""
        accounts.external_user_deactivate(service=request.user, external_id=external_id)
        return answer(status=204)


class ExternalTokenView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "accounts.add_externaluser", "DELETE": "accounts.add_externaluser"}

    @described(
        "Issue a log-in token",
        takes=TokenRequest,
        gives={201: IssuedToken, 200: IssuedToken},
        refuses=(404,),
        idempotent=True,
        sent={"For ten minutes": {"seconds": 600}},
        got={"Made": {"serviceToken": "0f3c…", "expires": 1798761600000, "userId": MAYUAN["userId"]}},
        tag="users",
    )
    def post(self, request: Request, external_id: str) -> Response:
        """Issue a short-lived token with which the business's app logs its user in.

        Only for users that the service created.
        """
        data = self.body(request, TokenRequest)

        def make() -> dict[str, Any]:
            token = accounts.external_token_create(service=request.user, external_id=external_id, seconds=data.seconds)
            return {
                "serviceToken": token.token,
                "expires": int(token.expires.timestamp() * 1000),
                "userId": token.device.user.public_name,
            }

        body, repeated = run_once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)

    @described("Revoke log-in tokens", gives={204: None}, refuses=(404,), tag="users")
    def delete(self, request: Request, external_id: str) -> Response:
        """Revoke all tokens that the service issued for the user, and disconnect their connections."""
        accounts.external_tokens_revoke(service=request.user, external_id=external_id)
        return answer(status=204)


def _own(request: Request, external_id: str) -> User:
    user = external_user_by_id(request.user, external_id)
    if user is None:
        raise NoSuchUser
    return user


def _picture(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ChatError(reasons.AVATAR_NOT_BASE64, field="avatar") from None
