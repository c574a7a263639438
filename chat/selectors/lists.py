"""Channel lists as one user sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import App, User
from accounts.selectors.contacts import read_receipts_visible_to
from chat import rules
from chat.models import Channel, Membership, Message, NotificationSetting, ReadMark, Restriction, StarredChannel
from chat.models.message import UNCOUNTED
from chat.selectors.access import Access
from chat.selectors.invites import join_request_counts
from chat.selectors.memberships import peer_id_of
from chat.selectors.mentions import mention_count
from chat.selectors.notification_settings import notification_settings_of
from chat.selectors.restrictions import active_restrictions

NEVER_ENDS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """A channel as one user sees it. `unread` counts the messages after `read_seq` that count as unread."""

    channel: Channel
    name: str
    role: str | None
    read_seq: int
    unread: int
    mentions: int
    """Unread messages that mention the user."""
    members: int
    peer: User | None
    peer_read: int
    """The number up to which the other user of a private channel has read; 0 unless they share that."""
    muted_until: datetime | None
    """End of the user's mute; `NEVER_ENDS`: until a moderator lifts it. None: the user is not muted."""
    notifications: NotificationSetting | None
    """The user's own setting; None: the defaults."""
    starred: bool
    """It is a favourite of the user."""
    join_requests: int
    """Open requests to join, if the user manages the group; else 0."""


def global_channel(app: App) -> Channel:
    return Channel.objects.select_related("app").get(app=app)


def global_channels() -> list[Channel]:
    """Return the global channels of the enabled apps, ordered by app number."""
    found = Channel.objects.filter(kind=Channel.Kind.GLOBAL, app__enabled=True)
    return list(found.select_related("app").order_by("app__number"))


def channel_summary(user: User, access: Access) -> ChannelSummary:
    return channel_summaries(user, [access])[0]


def channel_list(user: User, app: int, *, skip: int = 0, limit: int | None = None) -> list[ChannelSummary]:
    """Return the app's global channel, then the user's other channels, most recently active first.

    The first `skip` are left out, and at most `limit` are returned unless it is None.
    """
    own = [
        Access(channel, None) for channel in global_channels() if channel.app is not None and channel.app.number == app
    ]
    if not user.is_guest:
        current_memberships = Membership.objects.filter(user=user, until_position=None).select_related("channel__app")
        end = None if limit is None else max(0, skip + limit - len(own))
        current_memberships = current_memberships.order_by("-channel__active_at", "-channel")[
            max(0, skip - len(own)) : end
        ]
        own = own[skip:] + [Access(membership.channel, membership) for membership in current_memberships]
    return channel_summaries(user, own)


def channel_summaries(user: User, accesses: Sequence[Access]) -> list[ChannelSummary]:
    """Return summaries of the channels, in a fixed number of queries for any number of channels."""
    channels = [access.channel for access in accesses]
    reading = _reading_positions(user, accesses)
    members_by_channel = _members_of([channel for channel in channels if channel.kind != Channel.Kind.GLOBAL])
    counts = _member_counts([channel for channel in channels if channel.kind == Channel.Kind.PUBLIC])
    peers_read = _peer_read_marks(user, channels)
    mutes = _active_mutes(user)
    settings = notification_settings_of(user, channels)
    starred = set(StarredChannel.objects.filter(user=user, channel__in=channels).values_list("channel", flat=True))
    requests = join_request_counts([access.channel.pk for access in accesses if access.role in ("owner", "admin")])
    result = []
    for access in accesses:
        channel, membership = access.channel, access.membership
        read_seq, uncounted, mentions = reading[channel.pk]
        unread = rules.unread_count(last_seq=channel.last_seq, read_seq=read_seq, from_seq=1, uncounted=uncounted)
        members = members_by_channel.get(channel.pk, [])
        peer = next((member for member in members if member.pk != user.pk), None) if channel.kind == "private" else None
        count = counts.get(channel.pk, len(members))
        name = channel.name
        if peer is not None:
            name = peer.nickname
        elif not name and channel.kind == Channel.Kind.PUBLIC:
            name = rules.name_from_members([member.nickname for member in members], count)
        peer_read = peers_read.get(channel.pk, 0)
        muted_until = max((mutes[place] for place in (None, channel.pk) if place in mutes), default=None)
        result.append(
            ChannelSummary(
                channel,
                name,
                membership.role if membership is not None else None,
                read_seq,
                unread,
                mentions,
                count,
                peer,
                peer_read,
                muted_until,
                settings.get(channel.pk),
                channel.pk in starred,
                requests.get(channel.pk, 0),
            )
        )
    return result


def _reading_positions(user: User, accesses: Sequence[Access]) -> dict[int, tuple[int, int, int]]:
    """Return by channel how far the user has read, and how many later messages do not count and mention the user."""
    marks = ReadMark.objects.filter(user=user, channel__in=[access.channel for access in accesses])
    after = OuterRef("read_seq")
    counted = (
        marks.annotate(read_seq=Coalesce("unread_after", "seq"))
        .annotate(uncounted=_uncounted(seq__gt=after), mentions=mention_count(user, seq__gt=after))
        .values_list("channel", "read_seq", "uncounted", "mentions")
    )
    marked = {channel: (seq, uncounted, mentions) for channel, seq, uncounted, mentions in counted}
    positions: dict[int, tuple[int, int, int]] = {}
    unmarked: list[int] = []
    for access in accesses:
        channel, membership = access.channel, access.membership
        mark, uncounted, mentions = marked.get(channel.pk, (None, 0, 0))
        if membership is None and mark is None:
            # A global channel without a read mark has no unread messages, rather than its whole history.
            mark = channel.last_seq
        from_seq = 1 if membership is None else membership.from_seq
        read_seq = rules.read_position(mark=mark, from_seq=from_seq, purged_seq=channel.purged_seq)
        positions[channel.pk] = read_seq, uncounted, mentions
        if membership is not None and (mark is None or mark < from_seq - 1) and read_seq < channel.last_seq:
            unmarked.append(membership.pk)
    if unmarked:
        rows = Membership.objects.filter(pk__in=unmarked)
        rows = rows.annotate(
            uncounted=_uncounted(seq__gte=OuterRef("from_seq")),
            mentions=mention_count(user, seq__gte=OuterRef("from_seq")),
        )
        for channel_id, uncounted, mentions in rows.values_list("channel", "uncounted", "mentions"):
            positions[channel_id] = positions[channel_id][0], uncounted, mentions
    return positions


def _uncounted(**after: OuterRef) -> Coalesce:
    """Return a subquery of the number of UNCOUNTED messages in the channel of the outer row.

    `after` limits their sequence numbers, such as `seq__gt=OuterRef("seq")`. Purged messages do not count.
    """
    uncounted = Message.objects.filter(UNCOUNTED, channel=OuterRef("channel"), **after)
    counts = uncounted.order_by().values("channel").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts), 0, output_field=IntegerField())


def _active_mutes(user: User) -> dict[int | None, datetime]:
    """Return the end of each mute of the user by channel; None as key: muted everywhere."""
    mutes = active_restrictions(Restriction.objects.filter(user=user, kind=Restriction.Kind.MUTE))
    return {channel: until or NEVER_ENDS for channel, until in mutes.values_list("channel", "until")}


def _peer_read_marks(user: User, channels: Sequence[Channel]) -> dict[int, int]:
    """Return, by channel id, how far the other users of private channels have read, if they share that."""
    peers = {channel.pk: peer for channel in channels if (peer := peer_id_of(channel, user.pk)) is not None}
    if not peers:
        return {}
    shown = read_receipts_visible_to(user.pk, set(peers.values()))
    marks = ReadMark.objects.filter(channel__in=list(peers), user__in=shown).exclude(user=user)
    return dict(marks.values_list("channel", "seq"))


def _members_of(channels: Sequence[Channel]) -> dict[int, list[User]]:
    """Return the members of private channels, and the first members of groups without a name."""
    unnamed = [channel.pk for channel in channels if not channel.name]
    members_by_channel: dict[int, list[User]] = {}
    current_memberships = Membership.objects.filter(channel__in=unnamed, until_position=None, channel__kind="private")
    groups = Membership.objects.filter(channel__in=unnamed, until_position=None, channel__kind="public")
    for membership in [
        *current_memberships.select_related("user"),
        *groups.select_related("user").order_by("from_position", "user"),
    ]:
        members_by_channel.setdefault(membership.channel_id, []).append(membership.user)
    return members_by_channel


def _member_counts(channels: Sequence[Channel]) -> dict[int, int]:
    rows = Membership.objects.filter(channel__in=channels, until_position=None).values("channel")
    return dict(rows.annotate(count=Count("pk")).values_list("channel", "count"))


def channel_search(query: str, limit: int) -> list[tuple[Channel, int]]:
    """Return listed, open groups whose name contains `query`, with their member counts."""
    found = Channel.objects.filter(kind=Channel.Kind.PUBLIC, listed=True, closed=False, join=Channel.Join.OPEN)
    if query:
        found = found.filter(name__icontains=query)
    channels = list(found.order_by("name")[:limit])
    counts = _member_counts(channels)
    return [(channel, counts.get(channel.pk, 0)) for channel in channels]
