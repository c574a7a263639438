"""`channels/<id>/invites/…` and `join-requests/…`: links by which users join a group, and their requests."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads, rules
from chat.actions import invites, join_requests
from chat.actions.idempotency import run_once
from chat.actions.service_access import access_for_service
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Count, Id, Milliseconds, Person, Shape, number
from chat.commands.invites import Seconds, Uses
from chat.selectors import Access
from chat.selectors.invites import invites_of, join_requests_of

_ALICE = {"userId": "alice", "id": "12", "name": "Alice", "avatar": "", "kind": "person"}
_LINK = {
    "id": "7", "target": "31", "by": _ALICE, "time": 1795168800000, "uses": 2, "needsApproval": False,
    "token": "k3bX…", "expiresAt": 1795773600000,
}  # fmt: skip


class Invite(Shape):
    """A link by which users join a group."""

    id: Id
    target: Id
    by: Person
    time: Milliseconds
    uses: Annotated[Count, Meta(description="Users who joined by it, and open requests.")]
    needsApproval: bool
    token: Annotated[str, Meta(description="The address of the link is `/#join/<token>`.")] | None = None
    expiresAt: Milliseconds | None = None
    maxUses: Count | None = None


class InviteList(Shape):
    """The links that can be used, the newest first."""

    results: list[Invite]


class NewInvite(Shape):
    """A link. Absent `seconds`: the site's default, 0: without an end. Absent `maxUses`: any number."""

    seconds: Seconds | None = None
    maxUses: Uses | None = None
    needsApproval: bool = False


class JoinRequest(Shape):
    """An open request to join a group."""

    id: Id
    who: Person
    time: Milliseconds


class JoinRequestPage(Shape):
    results: list[JoinRequest]
    next: str | None


class Decision(Shape):
    approve: bool


class InviteListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_membership", "POST": "chat.add_membership"}

    @described(
        "List invite links", gives={200: InviteList}, refuses=(404,), got={"One": {"results": [_LINK]}}, tag="channels"
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """List the links of a group that the service manages."""
        rows = invites_of(_managed(request, channel_id).channel)
        return answer({"results": [payloads.invite(row, invites.invite_token(row)) for row in rows]})

    @described(
        "Create an invite link",
        takes=NewInvite,
        gives={201: Invite, 200: Invite},
        refuses=(404, 409),
        sent={"For a week": {"seconds": 604800, "maxUses": 20}},
        got={"Made": _LINK | {"maxUses": 20}},
        idempotent=True,
        tag="channels",
    )
    def post(self, request: Request, channel_id: str) -> Response:
        """Create a link by which users join a group, at once or after approval."""
        data = self.body(request, NewInvite)

        def make() -> dict[str, Any]:
            link, token = invites.invite_create(
                user=request.user,
                channel_id=number(channel_id),
                seconds=data.seconds,
                max_uses=data.maxUses,
                needs_approval=data.needsApproval,
            )
            return payloads.invite(link, token)

        body, repeated = run_once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)


class InviteView(Endpoint):
    permissions: ClassVar[Permissions] = {"DELETE": "chat.delete_membership"}

    @described("Revoke an invite link", gives={204: None}, refuses=(404, 409), tag="channels")
    def delete(self, request: Request, channel_id: str, invite_id: str) -> Response:
        """Revoke a link. Requests that came by it stay open."""
        invites.invite_revoke(user=request.user, channel_id=number(channel_id), invite_id=number(invite_id))
        return answer(status=204)


class JoinRequestListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_membership"}

    @described(
        "List requests to join",
        gives={200: JoinRequestPage},
        refuses=(404,),
        query=(LIMIT, CURSOR),
        got={"One": {"results": [{"id": "3", "who": _ALICE, "time": 1795168800000}], "next": None}},
        tag="channels",
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """List the open requests to join a group that the service manages, the oldest first."""
        page = pagination.requested_page(request)
        rows, more = join_requests_of(_managed(request, channel_id).channel, after=page.number, limit=page.limit)
        results = [payloads.join_request(row) for row in rows]
        return answer(pagination.page_body(results, next=rows[-1].pk if more else None))


class JoinRequestView(Endpoint):
    permissions: ClassVar[Permissions] = {"PATCH": "chat.add_membership"}

    @described(
        "Decide a request to join",
        takes=Decision,
        gives={204: None},
        refuses=(404, 409),
        sent={"Approve": {"approve": True}},
        tag="channels",
    )
    def patch(self, request: Request, channel_id: str, name: str) -> Response:
        """Approve or decline the request of a user. The user is notified."""
        data = self.body(request, Decision)
        join_requests.join_request_decide(
            user=request.user, channel_id=number(channel_id), name=name, approve=data.approve
        )
        return answer(status=204)


def _managed(request: Request, channel_id: str) -> Access:
    access = access_for_service(request.user, number(channel_id))
    rules.require_manager(access.role)
    return access
