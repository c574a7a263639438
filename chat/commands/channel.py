"""Commands `channel.*`: channels and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from accounts.selectors.contacts import presence_visible_to
from accounts.selectors.users import users_by_names
from chat import errors, payloads, reasons, selectors
from chat.actions import channel as channels
from chat.actions import channel_settings, member
from chat.actions.channel_picture import channel_set_picture
from chat.actions.channel_star import channel_star
from chat.commands.fields import ChannelTarget, Id, Name, Names, Number, PageSize
from chat.commands.page_size import count_fitting
from chat.commands.registry import Call, command
from chat.errors import ChatError
from chat.rules import MAX_SLOW_MODE_SECONDS
from chat.selectors import Access, access_channel
from chat.selectors.away import OFFLINE, presence_of
from chat.wire.schema import marks, objects, replies
from delivery.db.executors import run

if TYPE_CHECKING:
    from accounts.models import User

Join = Literal["open", "invite", "closed"]
LISTED = 1000
"""Channels in one reply."""


def channel_data(call: Call, access: Access) -> dict[str, Any]:
    """Return the channel as the caller sees it now. Call it in a database thread."""
    return payloads.channel(selectors.channel_summary(call.user, access))


def updated_channel_data(call: Call, channel_id: int) -> dict[str, Any]:
    return channel_data(call, access_channel(call.user, channel_id, app=call.caller.app))


class List(msgspec.Struct):
    skip: Number = 0


@command("channel.list", returns=replies.ChannelPage, guests=True)
async def channel_list(call: Call, data: List) -> dict[str, Any]:
    """List the app's global channel, then your own channels, the most recently active first.

    If there are too many for one reply, `hasMore` is true; get the next ones with `skip`, the number you have.
    """
    items = await run(selectors.channel_list, call.user, call.caller.app, skip=data.skip, limit=LISTED + 1)
    channel_data = [payloads.channel(item) for item in items]
    page = channel_data[: count_fitting(channel_data[:LISTED])]
    return {"channels": page, "hasMore": len(page) < len(channel_data)}


@command("channel.get", returns=objects.Channel, guests=True)
async def get(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """Get one channel."""
    return await run(updated_channel_data, call, data.target)


class Create(msgspec.Struct):
    kind: Literal["public", "private"]
    name: str = ""
    members: Names = []
    join: Join = "invite"
    listed: bool = False


@command("channel.create", returns=objects.Channel, fault=errors.ADD_FAILED)
async def create(call: Call, data: Create) -> dict[str, Any]:
    """Create a group, or find or create the private channel with another user."""

    def make() -> dict[str, Any]:
        if data.kind == "public":
            group = channels.channel_create_group(
                creator=call.user, name=data.name, members=data.members, join=data.join, listed=data.listed
            )
            return updated_channel_data(call, group.pk)
        if len(data.members) != 1:
            raise ChatError(reasons.ONE_MEMBER_REQUIRED, field="members")
        other = users_by_names(data.members).get(data.members[0])
        if other is None:
            raise ChatError(reasons.USER_NOT_FOUND, userId=data.members[0])
        channel, new = channels.channel_create_private(creator=call.user, other=other)
        return updated_channel_data(call, channel.pk) | ({} if new else {"existed": True})

    return await run(make)


@command("channel.join", returns=objects.Channel, fault=errors.ADD_FAILED)
async def join(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """Join an open group."""

    def act() -> dict[str, Any]:
        return channel_data(call, member.member_join(user=call.user, channel_id=data.target))

    return await run(act)


@command("channel.leave", returns=replies.ChannelReference, fault=errors.DELETE_FAILED)
async def leave(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """Leave a group."""
    await run(member.member_leave, user=call.user, channel_id=data.target)
    return {"target": str(data.target)}


class Star(msgspec.Struct):
    target: Id
    starred: bool


@command("channel.star", returns=marks.ChannelStar, fault=errors.STORE_FAILED)
async def star(call: Call, data: Star) -> dict[str, Any]:
    """Make a channel a favourite of yours, or no longer. Your other connections get `channel.starred`."""
    await run(
        channel_star,
        user=call.user,
        channel_id=data.target,
        starred=data.starred,
        app=call.caller.app,
        connection=call.caller.connection,
    )
    return {"target": str(data.target), "starred": data.starred}


class Invite(msgspec.Struct):
    target: Id
    members: Names


@command("channel.invite", returns=replies.InvitedMembers, fault=errors.ADD_FAILED)
async def invite(call: Call, data: Invite) -> dict[str, Any]:
    """Add users to a group. The reply lists those who were not members before."""
    added = await run(member.member_invite, user=call.user, channel_id=data.target, names=data.members)
    return {"target": str(data.target), "added": [payloads.person(user) for user in added]}


class Remove(msgspec.Struct):
    target: Id
    member: Name


@command("channel.remove", returns=replies.ChannelReference, fault=errors.DELETE_FAILED)
async def remove(call: Call, data: Remove) -> dict[str, Any]:
    """Remove a member with a lower role from a group."""
    await run(member.member_remove, user=call.user, channel_id=data.target, name=data.member)
    return {"target": str(data.target)}


class Rename(msgspec.Struct):
    target: Id
    name: str


@command("channel.rename", returns=objects.Channel, fault=errors.STORE_FAILED)
async def rename(call: Call, data: Rename) -> dict[str, Any]:
    """Rename a group. A group with an empty name is shown by its members' names."""

    def act() -> dict[str, Any]:
        return channel_data(call, channels.channel_rename(user=call.user, channel_id=data.target, name=data.name))

    return await run(act)


class Role(msgspec.Struct):
    target: Id
    member: Name
    role: Literal["owner", "admin", "member"]


@command("channel.role", returns=replies.ChannelReference, fault=errors.STORE_FAILED)
async def role(call: Call, data: Role) -> dict[str, Any]:
    """Change a member's role. Owners only."""
    await run(member.member_set_role, user=call.user, channel_id=data.target, name=data.member, role=data.role)
    return {"target": str(data.target)}


class Policy(msgspec.Struct):
    target: Id
    join: Join | None = None
    listed: bool | None = None
    history: Literal["joined", "all"] | None = None
    announcementsOnly: bool | None = None
    slowMode: Annotated[int, msgspec.Meta(ge=0, le=MAX_SLOW_MODE_SECONDS)] | None = None
    linkPreviews: bool | None = None
    topic: str | None = None
    description: str | None = None


@command("channel.policy", returns=objects.Channel, fault=errors.STORE_FAILED)
async def set_policy(call: Call, data: Policy) -> dict[str, Any]:
    """Change a group's settings: `join`, `listed`, `history` (only owners), `announcementsOnly`, `slowMode`, the
    seconds between two messages of a member, `linkPreviews` (only owners), by default true in open groups only, and
    `topic` and `description`, texts that are shown.

    Absent fields stay unchanged. Members get a `channel.note` with note `policy`, `topic` or `description`.
    """

    def act() -> dict[str, Any]:
        access = channel_settings.channel_update_settings(
            user=call.user,
            channel_id=data.target,
            join=data.join,
            listed=data.listed,
            history=data.history,
            announcements_only=data.announcementsOnly,
            slow_mode=data.slowMode,
            link_previews=data.linkPreviews,
            topic=data.topic,
            description=data.description,
        )
        return channel_data(call, access)

    return await run(act)


class Close(msgspec.Struct):
    target: Id
    closed: bool


@command("channel.close", returns=objects.Channel, fault=errors.STORE_FAILED)
async def close(call: Call, data: Close) -> dict[str, Any]:
    """Close your group, or reopen it. A closed group can be read, and accepts no messages or changes. Owners only.

    A group that an operator has closed stays closed.
    """

    def act() -> dict[str, Any]:
        channel_settings.channel_close(user=call.user, channel_id=data.target, closed=data.closed)
        return updated_channel_data(call, data.target)

    return await run(act)


class Picture(msgspec.Struct):
    target: Id
    attachment: str | None = None


@command("channel.picture", returns=objects.Channel, fault=errors.STORE_FAILED)
async def set_picture(call: Call, data: Picture) -> dict[str, Any]:
    """Make a picture that you have uploaded that of a group; without `attachment`, remove it. For owners and admins.

    The upload is used up: it cannot be sent any more.
    """

    def act() -> dict[str, Any]:
        access = channel_set_picture(user=call.user, channel_id=data.target, attachment=data.attachment)
        return channel_data(call, access)

    return await run(act)


class Members(msgspec.Struct):
    target: Id
    after: Number = 0
    limit: PageSize = 100


@command("channel.members", returns=replies.MemberPage)
async def members(call: Call, data: Members) -> dict[str, Any]:
    """List a page of a group's members by id, and whether they are online, if they share that."""

    def read() -> tuple[dict[int, dict[str, Any]], list[User], bool]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        memberships, more = selectors.members_page(access.channel, after=data.after, limit=data.limit)
        channel_data = {
            membership.user_id: payloads.profile(membership.user) | {"role": membership.role}
            for membership in memberships
        }
        users = [membership.user for membership in memberships]
        visible = presence_visible_to(call.user, users)
        return channel_data, [user for user in users if user.pk in visible], more

    members_by_id, visible, more = await run(read)
    presence = await presence_of(visible)
    return {
        "members": [channel_data | presence.get(id, OFFLINE) for id, channel_data in members_by_id.items()],
        "hasMore": more,
    }


class ChannelSearch(msgspec.Struct):
    q: str = ""


@command("channel.search", returns=replies.FoundChannels)
async def search(call: Call, data: ChannelSearch) -> dict[str, Any]:
    """Find listed groups that you can join by a part of the name."""
    found = await run(selectors.channel_search, data.q[:64].replace("\0", ""), 50)
    return {
        "channels": [
            {"target": str(channel.pk), "name": channel.name, "memberCount": count, "join": channel.join}
            | ({"picture": channel.picture} if channel.picture else {})
            for channel, count in found
        ]
    }
