"""`channels/<id>/members/…`: the members of a channel."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat import payloads, selectors
from chat.actions import member, service_channel
from chat.actions.idempotency import run_once
from chat.actions.service_access import access_for_service
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described
from chat.api.v1.schema import Person, Shape, UserName, number

Role = Literal["owner", "admin", "member"]
ALICE = {"userId": "alice", "id": "12", "name": "Alice", "avatar": "", "kind": "person"}


class Member(Person):
    role: Role


class MemberPage(Shape):
    results: list[Member]
    next: str | None


class NewMembers(Shape):
    members: Annotated[list[UserName], Meta(min_length=1, max_length=1000)]


class AddedMembers(Shape):
    """The users who were not members before."""

    added: list[Person]


class RoleRequest(Shape):
    role: Role


class MemberRole(Shape):
    userId: str
    role: Role


class MemberListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_membership", "POST": "chat.add_membership"}

    @described(
        "List members",
        gives={200: MemberPage},
        refuses=(404,),
        query=(LIMIT, CURSOR),
        got={"One member": {"results": [ALICE | {"role": "owner"}], "next": None}},
        tag="channels",
    )
    def get(self, request: Request, channel_id: str) -> Response:
        """List members by id. A global channel has none: it belongs to everyone on the app."""
        page = pagination.requested_page(request)
        access = access_for_service(request.user, number(channel_id))
        memberships, more = selectors.members_page(access.channel, after=page.number, limit=page.limit)
        results = [payloads.person(membership.user) | {"role": membership.role} for membership in memberships]
        return answer(pagination.page_body(results, next=memberships[-1].user_id if more else None))

    @described(
        "Add members",
        takes=NewMembers,
        gives={200: AddedMembers},
        refuses=(404, 409),
        sent={"Two users": {"members": ["alice", "bob"]}},
        got={"One was new": {"added": [ALICE]}},
        idempotent=True,
        tag="channels",
    )
    def post(self, request: Request, channel_id: str) -> Response:
        """Add users to a group; members stay as they are. With its own name, the service joins an open group."""
        data, target = self.body(request, NewMembers), number(channel_id)

        def add() -> dict[str, Any]:
            added = service_channel.members_add(user=request.user, channel_id=target, names=data.members)
            return {"added": [payloads.person(user) for user in added]}

        body, _ = run_once(self.idempotency(request, data), add)
        return answer(body)


class MemberView(Endpoint):
    permissions: ClassVar[Permissions] = {"PATCH": "chat.change_membership", "DELETE": "chat.delete_membership"}

    @described(
        "Change a member's role",
        takes=RoleRequest,
        gives={200: MemberRole},
        refuses=(404, 409),
        sent={"Admin": {"role": "admin"}},
        got={"Given": {"userId": "alice", "role": "admin"}},
        tag="channels",
    )
    def patch(self, request: Request, channel_id: str, name: str) -> Response:
        """Change a member's role, as an owner. A group keeps at least one owner."""
        data = self.body(request, RoleRequest)
        member.member_set_role(user=request.user, channel_id=number(channel_id), name=name, role=data.role)
        return answer({"userId": name, "role": data.role})

    @described("Remove a member", gives={204: None}, refuses=(404, 409), tag="channels")
    def delete(self, request: Request, channel_id: str, name: str) -> Response:
        """Remove a member of lower rank; with its own name, the service leaves."""
        target = number(channel_id)
        if name == request.user.username:
            member.member_leave(user=request.user, channel_id=target)
        else:
            member.member_remove(user=request.user, channel_id=target, name=name)
        return answer(status=204)
