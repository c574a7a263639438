"""Commands for pins, reports, restrictions and the transfer of a group."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.utils import timezone
from msgspec import Meta

from chat import errors, payloads, rules
from chat.actions import channel_settings, moderation, pin, report
from chat.commands.fields import ChannelTarget, Id, MessageTarget, Name
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.selectors import access_channel
from chat.selectors.pins import pins_of
from chat.selectors.restrictions import restrictions_of
from chat.wire.schema import replies
from delivery.db.executors import run

LONGEST = 10 * 365 * 86400
Seconds = Annotated[int, Meta(ge=1, le=LONGEST)]
Reason = Annotated[str, Meta(max_length=4 * rules.MAX_REASON_LENGTH)]


@command("message.pin", returns=replies.ChangedMessage, fault=errors.STORE_FAILED)
async def pin_message(call: Call, data: MessageTarget) -> dict[str, Any]:
    """Pin a message: in a group for owners and admins, in a private channel for both users.

    All members get `message.pinned`.
    """
    row, position = await run(
        pin.message_pin, user=call.user, channel_id=data.target, message_id=data.id, origin=call.origin
    )
    call.awaits_event = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}


@command("message.unpin", returns=replies.ChangedMessage, fault=errors.DELETE_FAILED)
async def unpin_message(call: Call, data: MessageTarget) -> dict[str, Any]:
    """Unpin a message. All members get `message.unpinned`. Recalling a message also unpins it."""
    row, position = await run(
        pin.message_unpin, user=call.user, channel_id=data.target, message_id=data.id, origin=call.origin
    )
    call.awaits_event = position is not None
    return {"target": str(data.target), "id": str(row.pk), "seq": row.seq, "position": position or row.position}


@command("message.pins", returns=replies.PinnedMessages, guests=True)
async def pins(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """List the pinned messages that you can read, the most recently pinned first; `hasMore` if not all fit."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        shown = [payloads.pin(pin) for pin in pins_of(call.user, access)]
        count = count_fitting(shown)
        return {"messages": shown[:count], "hasMore": count < len(shown)}

    return await run(read)


class Report(msgspec.Struct):
    target: Id
    id: Id
    reason: Reason = ""


@command("message.report", returns=replies.MessageReference, fault=errors.STORE_FAILED)
async def report_message(call: Call, data: Report) -> dict[str, Any]:
    """Report a message to the moderators. No other user is notified. Repeating it changes nothing."""
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
    """Mute a user in a group, or ban them from it, for `seconds` or without an end. For owners and admins.

    The user gets `restriction`. A ban also removes them, and they cannot join again until it ends.
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
    """Lift a mute or ban in a group. For owners and admins. The user can join or be invited again."""
    await run(moderation.member_unrestrict, user=call.user, channel_id=data.target, name=data.member, kind=data.kind)
    return {"target": str(data.target), "member": data.member, "kind": data.kind}


@command("channel.restrictions", returns=replies.Restrictions)
async def restrictions(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """List the mutes and bans in a group. For owners and admins."""

    def read() -> dict[str, Any]:
        access = access_channel(call.user, data.target)
        rules.require_manager(access.role)
        return {
            "restrictions": [
                payloads.restriction(
                    restriction.kind, restriction.channel_id, until=restriction.until, reason=restriction.reason
                )
                | {"who": payloads.person(restriction.user), "by": payloads.person(restriction.created_by)}
                for restriction in restrictions_of(access)
            ]
        }

    return await run(read)


class Transfer(msgspec.Struct):
    target: Id
    member: Name


@command("channel.transfer", returns=replies.ChannelReference, fault=errors.STORE_FAILED)
async def transfer(call: Call, data: Transfer) -> dict[str, Any]:
    """Transfer the ownership of your group to another member. You become an admin."""
    await run(channel_settings.channel_transfer, user=call.user, channel_id=data.target, name=data.member)
    return {"target": str(data.target)}
