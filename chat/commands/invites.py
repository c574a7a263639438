"""Commands `invite.*`: links by which users join a group, and requests to join."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from accounts.errors import RateLimited
from accounts.qr_codes import qr_path
from accounts.rate_limits import invite_rate_limit
from chat import errors, payloads, rules
from chat.account_errors import chat_error
from chat.actions import invites, join_requests
from chat.commands.channel import channel_data
from chat.commands.fields import ChannelTarget, Id, Name, Number, PageSize
from chat.commands.registry import Call, command
from chat.selectors import Access, access_channel, current_members
from chat.selectors.invites import invites_of, join_requests_of
from chat.wire.schema import invites as shapes
from delivery.db.executors import run
from delivery.rate_limits.declared import CHANGES

LONGEST_SECONDS = 10 * 365 * 86400
MAX_USES = 100_000
Seconds = Annotated[int, Meta(ge=0, le=LONGEST_SECONDS)]
Uses = Annotated[int, Meta(ge=1, le=MAX_USES)]
Token = Annotated[str, Meta(min_length=1, max_length=64)]


class Create(msgspec.Struct):
    target: Id
    seconds: Seconds | None = None
    maxUses: Uses | None = None
    needsApproval: bool = False


@command("invite.create", returns=shapes.Invite, fault=errors.ADD_FAILED)
async def create(call: Call, data: Create) -> dict[str, Any]:
    """Create a link by which users join a group. For owners and admins.

    `seconds`: how long it can be used; absent: the site's default, 0: without an end. `maxUses`: absent: any number.
    """

    def act() -> dict[str, Any]:
        link, token = invites.invite_create(
            user=call.user,
            channel_id=data.target,
            seconds=data.seconds,
            max_uses=data.maxUses,
            needs_approval=data.needsApproval,
        )
        return payloads.invite(link, token)

    return await run(act)


@command("invite.list", returns=shapes.Invites)
async def list_invites(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """List the links of a group. For owners and admins."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target)
        rules.require_manager(access.role)
        return {"invites": [payloads.invite(row, invites.invite_token(row)) for row in invites_of(access.channel)]}

    return await run(read)


class Revoke(msgspec.Struct):
    target: Id
    id: Id


@command("invite.revoke", returns=shapes.InviteReference, fault=errors.DELETE_FAILED)
async def revoke(call: Call, data: Revoke) -> dict[str, Any]:
    """Revoke a link of a group. For owners and admins. Requests that came by it stay open."""
    await run(invites.invite_revoke, user=call.user, channel_id=data.target, invite_id=data.id)
    return {"target": str(data.target), "id": str(data.id)}


class ByToken(msgspec.Struct):
    token: Token


@command("invite.show", returns=shapes.Invitation)
async def show(call: Call, data: ByToken) -> dict[str, Any]:
    """Show the group to which a link invites you.

    Every link that you cannot use is refused alike, whether or not it exists. Tries are limited per hour.
    """
    await count_try(call)

    def read() -> dict[str, Any]:
        found = join_requests.invitation_of(user=call.user, token=data.token)
        return payloads.invitation(
            found.link,
            members=current_members(found.link.channel).count(),
            is_member=found.is_member,
            has_requested=found.has_requested,
        )

    return await run(read)


@command("invite.accept", returns=shapes.InviteAccepted, fault=errors.ADD_FAILED)
async def accept(call: Call, data: ByToken) -> dict[str, Any]:
    """Join the group of a link, or ask its owners and admins for it. They get `join.requested`."""
    await count_try(call)

    def act() -> dict[str, Any]:
        result = join_requests.invite_accept(user=call.user, token=data.token)
        if isinstance(result, Access):
            return {"state": "member", "channel": channel_data(call, result)}
        return {"state": "requested"}

    return await run(act)


@command("invite.withdraw", returns=shapes.Withdrawal, fault=errors.DELETE_FAILED)
async def withdraw(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """Withdraw your request to join a group. You and its owners and admins get `join.decided`, with you as `by`."""
    await run(join_requests.join_request_withdraw, user=call.user, channel_id=data.target)
    return {"target": str(data.target)}


async def count_try(call: Call) -> None:
    """Count a use of a token by the caller. Raise ChatError with reason `too_many_attempts` beyond IM_INVITE_RATE."""
    try:
        await invite_rate_limit.take_async(str(call.user.pk))
    except RateLimited as error:
        raise chat_error(error) from error


class QrText(msgspec.Struct):
    text: Annotated[str, Meta(min_length=1, max_length=200)]


@command("invite.qr", returns=shapes.QrCode, limit=CHANGES)
async def qr(call: Call, data: QrText) -> dict[str, Any]:
    """Draw the QR code of a text, such as the address of a link. It counts as a change: it takes as much work."""
    size, path = await run(qr_path, data.text)
    return {"size": size, "path": path}


class Requests(msgspec.Struct):
    target: Id
    after: Number = 0
    limit: PageSize = 50


@command("invite.requests", returns=shapes.JoinRequests)
async def list_requests(call: Call, data: Requests) -> dict[str, Any]:
    """List the open requests to join a group. For owners and admins."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target)
        rules.require_manager(access.role)
        rows, more = join_requests_of(access.channel, after=data.after, limit=data.limit)
        return {"requests": [payloads.join_request(row) for row in rows], "hasMore": more}

    return await run(read)


class Decide(msgspec.Struct):
    target: Id
    member: Name
    approve: bool


@command("invite.decide", returns=shapes.JoinDecision, fault=errors.STORE_FAILED)
async def decide(call: Call, data: Decide) -> dict[str, Any]:
    """Approve or decline a request to join a group. For owners and admins. They and the user get `join.decided`."""
    await run(
        join_requests.join_request_decide,
        user=call.user,
        channel_id=data.target,
        name=data.member,
        approve=data.approve,
    )
    return {"target": str(data.target), "member": data.member, "approved": data.approve}
