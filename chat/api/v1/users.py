"""`users/…`: accounts, as other systems manage them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions as accounts
from accounts.actions.external_users import ExternalUserData, ExternalUserResult
from accounts.errors import AccountError, NoSuchUser
from accounts.selectors.directory import account_by_name, accounts_page
from accounts.selectors.users import user_search
from chat import payloads, reasons
from chat.actions.idempotency import claim_requests, run_once
from chat.actions.moderation import user_reactivate
from chat.api.v1 import pagination, problems
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Person, Problem, Shape, UserName
from chat.errors import ChatError
from delivery.idempotency import IdempotencyKey

if TYPE_CHECKING:
    from accounts.models import User as Account

LARGEST_IMPORT = 1000
Nickname = Annotated[str, Meta(min_length=1, max_length=64, description="The name that others see.")]
Email = Annotated[str, Meta(max_length=254)]
ExternalId = Annotated[
    str, Meta(min_length=1, max_length=200, description="The calling service's own id for the user.")
]

ALICE = {"userId": "alice", "id": "12", "name": "Alice", "avatar": "", "kind": "person", "active": True}


class UserAccount(Person):
    """An account and whether it is active, for callers that may manage users."""

    active: bool


class UserPage(Shape):
    results: list[UserAccount]
    next: str | None


class NewUser(Shape):
    """Without a password, the user signs in by a password reset, if there is an email address."""

    userId: UserName
    nickname: Nickname | None = None
    email: Email | None = None
    password: Annotated[str, Meta(max_length=1000)] | None = None


class UserChanges(Shape):
    nickname: Nickname | None = None
    active: bool | None = None


class ImportedUser(Shape):
    """A user to import: by `externalId` one of the service's own users, by `userId` an ordinary account."""

    externalId: ExternalId | None = None
    userId: UserName | None = None
    nickname: Nickname | None = None
    email: Email | None = None


class UserImport(Shape):
    users: Annotated[list[ImportedUser], Meta(max_length=LARGEST_IMPORT)]


class ImportResult(Shape):
    """The outcome of one user: 201 created, 200 found or created by an earlier attempt, else why it was refused."""

    status: int
    user: UserAccount | None = None
    problem: Problem | None = None


class ImportResults(Shape):
    results: list[ImportResult]


def user_body(user: Account) -> dict[str, Any]:
    return payloads.person(user) | {"active": user.is_active}


class UserListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "accounts.view_user", "POST": "accounts.add_user"}

    @described(
        "List or search accounts",
        gives={200: UserPage},
        query=(
            OpenApiParameter("q", OpenApiTypes.STR, description="The start of a user name or nickname."),
            LIMIT,
            CURSOR,
        ),
        got={"One account": {"results": [ALICE], "next": None}},
        tag="users",
    )
    def get(self, request: Request) -> Response:
        """List all accounts and services by id; with `q` the first active ones whose name starts with it, without a
        cursor.
        """
        page = pagination.requested_page(request)
        if (q := request.query_params.get("q")) is not None:
            return answer(pagination.page_body([user_body(user) for user in user_search(q, page.limit)], next=None))
        rows = accounts_page(after=page.number, limit=page.limit)
        page_rows = rows[: page.limit]
        return answer(
            pagination.page_body(
                [user_body(user) for user in page_rows], next=page_rows[-1].pk if len(rows) > page.limit else None
            )
        )

    @described(
        "Create an account",
        takes=NewUser,
        gives={201: UserAccount, 200: UserAccount},
        refuses=(409,),
        idempotent=True,
        sent={"An account": {"userId": "alice", "nickname": "Alice", "email": "alice@example.org"}},
        got={"Made": ALICE},
        tag="users",
    )
    def post(self, request: Request) -> Response:
        """Create an account. The user name never changes; a taken one answers 409."""
        data = self.body(request, NewUser)
        draft = accounts.managed_user_prepare(
            username=data.userId, nickname=data.nickname or "", email=data.email, password=data.password
        )
        key = self.idempotency(request, data)
        body, repeated = run_once(key, lambda: user_body(accounts.managed_user_create(draft=draft)))
        return answer(body, 200 if repeated else 201)


class UserView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "accounts.view_user",
        "PATCH": "accounts.change_user",
        "DELETE": "accounts.delete_user",
    }

    @described("Get an account", gives={200: UserAccount}, refuses=(404,), got={"An account": ALICE}, tag="users")
    def get(self, request: Request, name: str) -> Response:
        """Return the account or service of that user name, active or not."""
        return answer(user_body(_account(name)))

    @described(
        "Change an account",
        takes=UserChanges,
        gives={200: UserAccount},
        refuses=(404, 409),
        sent={"Another nickname": {"nickname": "Alice W."}, "Let in again": {"active": True}},
        got={"Changed": ALICE | {"name": "Alice W."}},
        tag="users",
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change the nickname, deactivate the account (`active` false: sessions, tokens and connections end) or
        reactivate it.

        Staff and services are managed in the admin only: 403. A site ban is lifted there too: 409.
        """
        data = self.body(request, UserChanges)
        user = _account(name)
        accounts.require_manageable(user)
        if data.nickname is not None:
            accounts.user_rename(user_id=user.pk, nickname=data.nickname)
        if data.active is not None and data.active != user.is_active:
            if data.active:
                user_reactivate(user_id=user.pk)
            else:
                accounts.user_deactivate(user_id=user.pk)
        return answer(user_body(_account(name)))

    @described("Deactivate an account", gives={204: None}, refuses=(404,), tag="users")
    def delete(self, request: Request, name: str) -> Response:
        """Deactivate the account: sessions, tokens and connections end.

        Messages stay; no account is ever deleted here.
        """
        user = _account(name)
        accounts.require_manageable(user)
        accounts.user_deactivate(user_id=user.pk)
        return answer(status=204)


class UserImportView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": None}

    @described(
        "Import users",
        takes=UserImport,
        gives={200: ImportResults},
        sent={
            "The service's own users": {"users": [{"externalId": "c-1001", "nickname": "Ma Yuan"}]},
            "Accounts": {"users": [{"userId": "alice", "nickname": "Alice", "email": "alice@example.org"}]},
        },
        got={"One made": {"results": [{"status": 201, "user": ALICE}]}},
        idempotent=True,
        tag="users",
    )
    def post(self, request: Request) -> Response:
        """Import up to 1,000 users, with a result for each, in order. A refused one does not affect the others.

        `externalId` requires the permission `accounts.add_externaluser` and creates or finds, so it can be repeated.
        `userId` requires `accounts.add_user` and only creates: an existing name is a 409, unless an earlier attempt
        with the same key created it.
        """
        data = self.body(request, UserImport)
        own = [
            (index, ExternalUserData(item.externalId, item.nickname or ""))
            for index, item in enumerate(data.users)
            if item.externalId is not None and item.userId is None
        ]
        results: dict[int, dict[str, Any]] = {}
        bulk_key = self.idempotency(request, data)
        if bulk_key is not None and (used := claim_requests([bulk_key])):
            raise used[bulk_key]
        if own:
            _require(request, "accounts.add_externaluser")
            known = accounts.external_users_import(service=request.user, users=[given for _, given in own])
            results = {index: _result(outcome) for (index, _), outcome in zip(own, known, strict=True)}
        if any(item.userId is not None for item in data.users):
            _require(request, "accounts.add_user")
        for index, item in enumerate(data.users):
            if index not in results:
                results[index] = _added(item, None if bulk_key is None else bulk_key.item(index))
        return answer({"results": [results[index] for index in range(len(data.users))]})


def _require(request: Request, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=permission)


def _account(name: str) -> Account:
    user = account_by_name(name)
    if user is None:
        raise NoSuchUser
    return user


def _added(item: ImportedUser, key: IdempotencyKey | None) -> dict[str, Any]:
    try:
        if item.userId is None or item.externalId is not None:
            raise ChatError(reasons.USER_ID_REQUIRED)
        draft = accounts.managed_user_prepare(username=item.userId, nickname=item.nickname or "", email=item.email)
        user, repeated = run_once(key, lambda: user_body(accounts.managed_user_create(draft=draft)))
    except (AccountError, ChatError) as refusal:
        return _refused(refusal)
    return {"status": 200 if repeated else 201, "user": user}


def _result(outcome: ExternalUserResult | Exception) -> dict[str, Any]:
    if isinstance(outcome, Exception):
        return _refused(outcome)
    return {"status": 201 if outcome.created else 200, "user": user_body(outcome.user)}


def _refused(refusal: Exception) -> dict[str, Any]:
    problem = problems.problem_of_error(refusal)
    return {"status": problem["status"], "problem": problem}
