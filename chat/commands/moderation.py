"""message.pin, .unpin, .pins, .report; channel.restrict, .unrestrict, .restrictions, .transfer"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.utils import timezone
from msgspec import Meta

from chat import errors, payloads, rules
from chat.actions import moderation, pin, policy, report
from chat.commands.fields import Id, Name, One, Target
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.selectors import access_channel
from chat.selectors.pins import pins_of
from chat.selectors.restrictions import restrictions_of
from chat.wire.schema import replies
from delivery.db.executors import run

LONGEST = 10 * 365 * 86400
Seconds = Annotated[int, Meta(ge=1, le=LONGEST)]
Reason = Annotated[str, Meta(max_length=4 * rules.REASON_LIMIT)]


@command("message.pin", returns=replies.ChangedMessage, fault=errors.STORE_FAILED)
async def pin_message(call: Call, data: One) -> dict[str, Any]:
    """Keep a message in everybody's sight: in a group its owners and admins, in a private channel both.

    All hear `message.pinned`.
    """
    row, position = await run(
        pin.message_pin, user=call.user, channel_id=data.target, message_id=data.id, origin=call.origin
    )
    call.appended = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}


@command("message.unpin", returns=replies.ChangedMessage, fault=errors.DELETE_FAILED)
async def unpin_message(call: Call, data: One) -> dict[str, Any]:
    """Take the pin away; all hear `message.unpinned`. A recalled message loses its pin by itself."""
    row, position = await run(
        pin.message_unpin, user=call.user, channel_id=data.target, message_id=data.id, origin=call.origin
    )
    call.appended = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}


@command("message.pins", returns=replies.PinnedMessages, guests=True)
async def pins(call: Call, data: Target) -> dict[str, Any]:
    """The channel's pinned messages that one may read, the last pinned first; of very long ones not all (`hasMore`)."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        shown = [payloads.pin(one) for one in pins_of(call.user, access)]
        count = count_fitting(shown)
        return {"messages": shown[:count], "hasMore": count < len(shown)}

    return await run(read)


class Report(msgspec.Struct):
    target: Id
    id: Id
    reason: Reason = ""


@command("message.report", returns=replies.MessageReference, fault=errors.STORE_FAILED)
async def report_message(call: Call, data: Report) -> dict[str, Any]:
    """Have a moderator look at a message. Nobody else hears of it; the same again changes nothing."""
    await run(
        report.message_report,
        user=call.user,
        channel_id=data.target,
        message_id=data.id,
        reason=data.reason,
        app=call.caller.app,
    )
    return {"target": str(data.target), "id": str(data.id)}


class Restrict(msgspec.Struct):
    target: Id
    member: Name
    kind: Literal["mute", "ban"]
    seconds: Seconds | None = None
    reason: Reason = ""


@command("channel.restrict", returns=replies.MemberRestriction, fault=errors.STORE_FAILED)
async def restrict(call: Call, data: Restrict) -> dict[str, Any]:
    """Mute somebody in a group, or ban them from it, for `seconds` or until it is lifted; by its owners and admins.

    The person hears `restriction`; a ban also removes them, and they cannot come back meanwhile.
    """
    until = None if data.seconds is None else timezone.now() + timedelta(seconds=data.seconds)
    await run(
        moderation.member_restrict,
        user=call.user,
        channel_id=data.target,
        name=data.member,
        kind=data.kind,
        until=until,
        reason=data.reason,
    )
    shown = {"target": str(data.target), "member": data.member, "kind": data.kind}
    return shown if until is None else shown | {"until": payloads.milliseconds(until)}


class Unrestrict(msgspec.Struct):
    target: Id
    member: Name
    kind: Literal["mute", "ban"]


@command("channel.unrestrict", returns=replies.MemberRestriction, fault=errors.DELETE_FAILED)
async def unrestrict(call: Call, data: Unrestrict) -> dict[str, Any]:
    """Lift a mute or ban in a group; by its owners and admins. Who was banned can join or be invited again."""
    await run(moderation.member_unrestrict, user=call.user, channel_id=data.target, name=data.member, kind=data.kind)
    return {"target": str(data.target), "member": data.member, "kind": data.kind}


@command("channel.restrictions", returns=replies.Restrictions)
async def restrictions(call: Call, data: Target) -> dict[str, Any]:
    """Who is muted in a group or banned from it, for its owners and admins."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target)
        rules.require_manager(access.role)
        return {
            "restrictions": [
                payloads.restriction(one.kind, one.channel_id, until=one.until, reason=one.reason)
                | {"who": payloads.person(one.user), "by": payloads.person(one.created_by)}
                for one in restrictions_of(access)
            ]
        }

    return await run(read)


class Transfer(msgspec.Struct):
    target: Id
    member: Name


@command("channel.transfer", returns=replies.ChannelReference, fault=errors.STORE_FAILED)
async def transfer(call: Call, data: Transfer) -> dict[str, Any]:
    """Give a group that one owns to another member; one stays as an admin."""
    await run(policy.channel_transfer, user=call.user, channel_id=data.target, name=data.member)
    return {"target": str(data.target)}
