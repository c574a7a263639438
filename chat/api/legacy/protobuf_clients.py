"""`/register`, `/login`, `/friend/…`, `/group…`: HTTP calls of clients of the protobuf protocol."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import QueryDict
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions as accounts
from accounts.errors import AccountError, BadPhone, RateLimited
from accounts.numbers import parse_decimal
from accounts.rate_limits import registration_rate_limit
from accounts.selectors.users import user_by_token
from accounts.sign_in import user_by_password
from chat import reasons, selectors
from chat.actions import channel as channels
from chat.actions import last_seen
from chat.api.legacy import parameters
from chat.api.legacy.call import LegacyCallView, answer
from chat.api.legacy.openapi import FAILED, ID, TEXT, form_call, object_schema, text_fields
from chat.api.legacy.sentences import legacy_sentence
from chat.errors import ChatError

if TYPE_CHECKING:
    from accounts.models import User

TAG = "clients of /ws"
CODES = (200, FAILED)
PHONE = ("Any text of up to 20 characters.", TEXT, "13800138000")
PASSWORD = ("By the site's policy.", TEXT, "correct horse battery staple")
TOKEN = "5d1e…"


class HeaderTokenAuthentication(BaseAuthentication):  # type: ignore[misc]
    """Authenticates a user's token in the header `token`."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        token = request.headers.get("token")
        if not token:
            return None
        known = user_by_token(token)
        if known is None:
            raise AuthenticationFailed("This token is not valid.")
        last_seen.record_use(known[1], address=request.META.get("REMOTE_ADDR"))
        return known


class IsSignedIn(BasePermission):  # type: ignore[misc]
    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None:
            raise NotAuthenticated
        return True


class ClientCallView(LegacyCallView):
    """A call of the protobuf protocol's clients: code 200, or -1 with the reason in `msg`."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = (HeaderTokenAuthentication,)
    permission_classes = (IsSignedIn,)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, RateLimited):
            return _failure(legacy_sentence(exc), str(exc.seconds))
        if isinstance(exc, AccountError):
            return _failure(legacy_sentence(exc))
        if isinstance(exc, NotAuthenticated):
            return _failure("This call needs a token.")
        response = super().handle_exception(exc)
        content = response.data
        return _failure(content["data"].get("error") or content["msg"], response.get("Retry-After", ""))


def _failure(reason: str, retry_after: str = "") -> Response:
    headers = {"Retry-After": retry_after} if retry_after else None
    return Response({"code": FAILED, "msg": reason, "data": {}}, headers=headers)


class RegisterView(ClientCallView):
    """Register an account with a generated user name."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @form_call(
        "Register",
        tag=TAG,
        codes=CODES,
        gives=object_schema(token=TEXT, id=ID),
        got={"token": TOKEN, "id": "17"},
        phone_number=PHONE,
        nickname=("Shown to others; need not be unique.", TEXT, "Alice"),
        password=PASSWORD,
    )
    def post(self, request: Request) -> Response:
        if not settings.IM_REGISTRATION:
            raise ChatError(reasons.REGISTRATION_CLOSED)
        phone_number = _field(request, "phone_number")
        if not phone_number:
            raise BadPhone
        registration_rate_limit.take(request.META["REMOTE_ADDR"])
        user = accounts.user_register(
            username=f"user-{secrets.token_hex(6)}",
            nickname=_field(request, "nickname"),
            password=_field(request, "password"),
            phone_number=phone_number,
        )
        return answer({"token": _token(request, user), "id": str(user.pk)})


class LoginView(ClientCallView):
    """Issue a token for phone number and password. The response is the same for every wrong combination."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @form_call(
        "Sign in by phone number",
        tag=TAG,
        codes=CODES,
        gives=object_schema(token=TEXT, user_id=ID),
        got={"token": TOKEN, "user_id": "17"},
        phone_number=PHONE,
        password=PASSWORD,
    )
    def post(self, request: Request) -> Response:
        phone_number = _field(request, "phone_number").strip()
        user = user_by_password(request._request, phone_number, _field(request, "password"))
        if user is None:
            raise ChatError(reasons.WRONG_CREDENTIALS)
        return answer({"token": _token(request, user), "user_id": str(user.pk)})


class FriendAddView(ClientCallView):
    """Send a friend request, or accept one."""

    @form_call("Send or accept a friend request", tag=TAG, codes=CODES, friend_id=("The user to befriend.", ID, "18"))
    def post(self, request: Request) -> Response:
        accounts.friend_request(user=request.user, other_id=_id(_field(request, "friend_id")))
        return answer()


class GroupCreateView(ClientCallView):
    @form_call(
        "Create a closed group",
        tag=TAG,
        codes=CODES,
        gives=object_schema(id=ID),
        got={"id": "7"},
        optional={"ids"},
        name=("Its name.", TEXT, "Painters"),
        ids=("Its members, the field repeated; without oneself.", text_fields(ID), ["18", "19"]),
    )
    def post(self, request: Request) -> Response:
        """Create a closed group; values that are not user ids are dropped."""
        ids = [number for text in _fields(request, "ids") if (number := parse_decimal(text))]
        group = channels.channel_create_closed(creator=request.user, name=_field(request, "name"), ids=ids)
        return answer({"id": str(group.pk)})


class GroupUserListView(ClientCallView):
    @form_call(
        "List the members of a group",
        tag=TAG,
        codes=CODES,
        gives=object_schema(ids=text_fields(ID)),
        got={"ids": ["17", "18", "19"]},
        group_id=("The group, which one is in.", ID, "7"),
    )
    def get(self, request: Request) -> Response:
        """List the members of a group, for its members."""
        access = selectors.access_channel(request.user, _id(parameters.text(request, "group_id")))
        if access.channel.kind != "public":
            raise ChatError(reasons.CHANNEL_NOT_FOUND)
        return answer({"ids": [str(pk) for pk in selectors.member_ids(access.channel)]})


def _token(request: Request, user: User) -> str:
    return accounts.token_issue(user=user, address=request.META.get("REMOTE_ADDR"))


def _field(request: Request, name: str) -> str:
    """Return a form field, empty if absent. The query is not read, because logs contain it."""
    return str(request.data.get(name, ""))


def _fields(request: Request, name: str) -> list[str]:
    """Return all values of a form field; none without a body."""
    return request.data.getlist(name) if isinstance(request.data, QueryDict) else []


def _id(text: str) -> int:
    """Return the id in the text. Raise ChatError ID_NOT_FOUND for other text."""
    number = parse_decimal(text)
    if not number:
        raise ChatError(reasons.ID_NOT_FOUND)
    return number
