"""Reads, and the one guard through which every channel and message is fetched.

What a person may not read is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.circle import readers_shown
from accounts.models import App, User
from chat import errors, rules
from chat.errors import ChatError
from chat.models import Channel, Membership, Message, ReadMark, Restriction
from chat.rules import Ranges
from delivery import log
from delivery.log import Entry, Replay, Span

FOR_GOOD = datetime.max.replace(tzinfo=UTC)
REPLAY_PAGE = 200
MESSAGE_OVERHEAD = 400
"""Bytes of a message on the wire besides its text, about."""
NOTES_LIMIT = 200
"""System notes that one page of history brings at most."""
MEMBERS_PAGE = 100
NOTE = "channel.note"
MESSAGE = "msg"
MESSAGES_PAGE = 50


@dataclass(frozen=True, slots=True)
class Access:
    """A channel that a person may read, and their stay in it: None in a global channel, and where one `manages` a group
    by a permission, whoever one is in it."""

    channel: Channel
    stay: Membership | None
    manages: bool = False

    @property
    def role(self) -> str | None:
        """As what one acts there."""
        if self.manages:
            return Membership.Role.OWNER
        return self.stay.role if self.stay is not None else None


def access_channel(user: User, channel_id: int, *, app: int | None = None, lock: bool = False) -> Access:
    """The channel if the person may read it, else ChatError NO_DATA, which does not tell whether it exists.

    A global channel is readable for who is on its app (`app` None, a service: for all). `lock` holds the person's
    and the channel's row until the transaction ends.
    """
    if lock:
        # Users before channels, as everywhere. A deactivation that was faster is seen here.
        active = User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("is_active", flat=True)
        if list(active) != [True]:
            raise ChatError(errors.NOT_AUTHORISED, "This account is not active.")
    found = Channel.objects.select_for_update(no_key=True, of=("self",)) if lock else Channel.objects.all()
    channel = found.filter(pk=channel_id).select_related("app").first()
    if channel is None:
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    if channel.kind == Channel.Kind.GLOBAL:
        assert channel.app is not None
        if not channel.app.enabled or (app is not None and channel.app.number != app):
            raise ChatError(errors.NO_DATA, "There is no such channel.")
        return Access(channel, None)
    stay = Membership.objects.filter(channel=channel, user=user, until_position=None).first()
    if stay is None or user.is_guest:
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    return Access(channel, stay)


def reading(user: User, access: Access) -> Ranges:
    """The numbers of the channel that the person may read: all by its policy, else those of their stays."""
    if access.stay is None or access.manages or rules.reads_everything(access.channel.join, access.channel.history):
        return rules.EVERYTHING
    stays = Membership.objects.filter(channel=access.channel, user=user).order_by("from_seq")
    return list(stays.values_list("from_seq", "until_seq"))


def access_message(user: User, access: Access, message_id: int) -> Message:
    """A message of the channel that the person may read, else NO_DATA."""
    message = (
        Message.objects.filter(pk=message_id, channel=access.channel).select_related("sender", "recalled_by").first()
    )
    if message is None or not rules.readable(reading(user, access), message.seq):
        raise ChatError(errors.NO_DATA, "There is no such message.")
    return message


@dataclass(frozen=True, slots=True)
class History:
    messages: list[Message]
    notes: list[Entry]
    has_more: bool


def history(user: User, access: Access, *, before: int | None, after: int | None, limit: int) -> History:
    """A page of messages, ascending, with the system notes that stand among them."""
    ranges = reading(user, access)
    readable = Q(pk__in=())
    for first, last in ranges:
        readable |= Q(seq__gte=first) if last is None else Q(seq__gte=first, seq__lte=last)
    found = Message.objects.filter(readable, channel=access.channel).select_related("sender", "recalled_by")
    # A note belongs to the page with the message that it follows, so that pages side by side bring it once.
    if after is not None:
        rows = list(found.filter(seq__gt=after).order_by("seq")[: limit + 1])
        page = rows[: _fitting(rows[:limit])]
        more = len(page) < len(rows)
        low = _position_before(access.channel, after + 1)
        high = page[-1].position if more else None
    else:
        older = found if before is None else found.filter(seq__lt=before)
        rows = list(older.order_by("-seq")[: limit + 1])
        page = rows[: _fitting(rows[:limit])][::-1]
        more = len(page) < len(rows)
        low = page[0].position if more else 0
        high = None if before is None else _position_at(access.channel, before)
    notes = log.read_channel(access.channel.pk, NOTE, low, high, NOTES_LIMIT)
    if ranges is not rules.EVERYTHING:
        stays = channel_stays(user.pk, access.channel.pk)
        notes = [note for note in notes if log.may_see(stays, note.position, None)]
    return History(page, notes, more)


def _fitting(rows: Sequence[Message]) -> int:
    """How many of the rows make a page that fits a connection's outbox; at least one."""
    size = 0
    for index, row in enumerate(rows):
        size += len(orjson.dumps(row.text)) + MESSAGE_OVERHEAD
        if index and size > page_size():
            return index
    return len(rows)


def page_size() -> int:
    """Bytes of a page: a part of what may wait for one connection, so that a page never closes it."""
    return int(settings.IM_OUTBOX_BYTES) // 4


def _position_before(channel: Channel, seq: int) -> int:
    found = Message.objects.filter(channel=channel, seq__lt=seq).order_by("-seq").values_list("position", flat=True)
    return found.first() or 0


def _position_at(channel: Channel, seq: int) -> int | None:
    found = Message.objects.filter(channel=channel, seq__gte=seq).order_by("seq").values_list("position", flat=True)
    return found.first()


# -- memberships ------------------------------------------------------------------------------------------------------


def stays(person: int) -> list[Span]:
    """All stays of a person in all channels, ended ones too."""
    rows = Membership.objects.filter(user=person)
    fields = ("channel", "from_position", "until_position", "channel__kind")
    return [
        Span(channel, start, end, direct=kind == Channel.Kind.PRIVATE)
        for channel, start, end, kind in rows.values_list(*fields)
    ]


def channel_stays(person: int, channel: int) -> list[Span]:
    rows = Membership.objects.filter(user=person, channel=channel)
    return [Span(*row) for row in rows.values_list("channel", "from_position", "until_position")]


def sync(user: User, *, after: int, upto: int, limit: int) -> Replay:
    """What concerns the person after a position: channels by their stays, and what is addressed to them."""
    return log.replay(user.pk, stays(user.pk), after=after, upto=upto, page=REPLAY_PAGE, size=page_size(), limit=limit)


def messages_after(user: User, *, after: int, upto: int) -> tuple[list[Entry], bool]:
    """The messages of the person's present channels after a position, oldest first, and whether there are more.

    Each from the person's joining on, nothing from between two stays; a page never skips one.
    """
    spans = stays(user.pk)
    present = {span.channel for span in spans if span.until_position is None}
    return log.read_stays(
        [span for span in spans if span.channel in present],
        MESSAGE,
        after=after,
        upto=upto,
        page=MESSAGES_PAGE,
        size=page_size(),
    )


def current_members(channel: Channel) -> QuerySet[Membership]:
    return Membership.objects.filter(channel=channel, until_position=None).select_related("user")


def member_ids(channel: Channel) -> list[int]:
    return list(current_members(channel).order_by("user").values_list("user", flat=True))


def members_page(channel: Channel, *, after: int, limit: int) -> tuple[list[Membership], bool]:
    rows = list(current_members(channel).filter(user__gt=after).order_by("user")[: limit + 1])
    return rows[:limit], len(rows) > limit


# -- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel as one person sees it. `read_seq` and `unread` are derived from numbers."""

    channel: Channel
    name: str
    role: str | None
    read_seq: int
    unread: int
    members: int
    peer: User | None
    peer_read: int
    """How far the other person of a private channel has read it, if they let one see that; else 0."""
    muted_until: datetime | None
    """None: one may speak. `FOR_GOOD`: not until somebody lifts the mute."""


def global_channel(app: App) -> Channel:
    return Channel.objects.select_related("app").get(app=app)


def global_channels() -> list[Channel]:
    """The global channels of the apps that are enabled, by number."""
    found = Channel.objects.filter(kind=Channel.Kind.GLOBAL, app__enabled=True)
    return list(found.select_related("app").order_by("app__number"))


def listed(user: User, access: Access) -> Listed:
    return listed_all(user, [access])[0]


def channel_list(user: User, app: int) -> list[Listed]:
    """The app's global channel, then the person's other channels, the last used first."""
    own = [
        Access(channel, None) for channel in global_channels() if channel.app is not None and channel.app.number == app
    ]
    if not user.is_guest:
        stays_now = Membership.objects.filter(user=user, until_position=None).select_related("channel__app")
        own += [Access(stay.channel, stay) for stay in stays_now.order_by("-channel__active_at")]
    return listed_all(user, own)


def listed_all(user: User, accesses: Sequence[Access]) -> list[Listed]:
    """In a fixed number of queries, whatever their number."""
    channels = [access.channel for access in accesses]
    marks = dict(ReadMark.objects.filter(user=user, channel__in=channels).values_list("channel", "seq"))
    people = _people([channel for channel in channels if channel.kind != Channel.Kind.GLOBAL])
    counts = _member_counts([channel for channel in channels if channel.kind == Channel.Kind.PUBLIC])
    peers_read = _peers_read(user, channels)
    mutes = _mutes(user)
    result = []
    for access in accesses:
        channel, stay = access.channel, access.stay
        mark = marks.get(channel.pk)
        if stay is None:
            # Who has never marked a global channel does not owe its whole past.
            read_seq = channel.last_seq if mark is None else mark
            unread = rules.unread(last_seq=channel.last_seq, read_seq=read_seq, from_seq=1, cut_seq=channel.cut_seq)
        else:
            read_seq = max(mark or 0, stay.from_seq - 1)
            unread = rules.unread(
                last_seq=channel.last_seq, read_seq=mark, from_seq=stay.from_seq, cut_seq=channel.cut_seq
            )
        members = people.get(channel.pk, [])
        peer = next((one for one in members if one.pk != user.pk), None) if channel.kind == "private" else None
        count = counts.get(channel.pk, len(members))
        name = channel.name
        if peer is not None:
            name = peer.nickname
        elif not name and channel.kind == Channel.Kind.PUBLIC:
            name = rules.members_name([one.nickname for one in members], count)
        peer_read = peers_read.get(channel.pk, 0)
        muted_until = max((mutes[place] for place in (None, channel.pk) if place in mutes), default=None)
        result.append(
            Listed(
                channel,
                name,
                stay.role if stay is not None else None,
                read_seq,
                unread,
                count,
                peer,
                peer_read,
                muted_until,
            )
        )
    return result


def _mutes(user: User) -> dict[int | None, datetime]:
    """Where the person may not speak (None: everywhere), and until when."""
    now = timezone.now()
    rows = Restriction.objects.filter(user=user, kind=Restriction.Kind.MUTE).values_list("channel", "until")
    return {channel: until or FOR_GOOD for channel, until in rows if until is None or until > now}


def peer_of(channel: Channel, person: int) -> int | None:
    """The other person of a private channel; None for other channels."""
    return next((one for one in rules.pair_people(channel.pair) if one != person), None)


def _peers_read(user: User, channels: Sequence[Channel]) -> dict[int, int]:
    """How far the other person of each private channel has read, where that may be known."""
    peers = {channel.pk: peer for channel in channels if (peer := peer_of(channel, user.pk)) is not None}
    if not peers:
        return {}
    shown = readers_shown(user.pk, set(peers.values()))
    marks = ReadMark.objects.filter(channel__in=list(peers), user__in=shown).exclude(user=user)
    return dict(marks.values_list("channel", "seq"))


def _people(channels: Sequence[Channel]) -> dict[int, list[User]]:
    """The people of private channels, and the first members of groups without a name."""
    unnamed = [channel.pk for channel in channels if not channel.name]
    people: dict[int, list[User]] = {}
    stays_now = Membership.objects.filter(channel__in=unnamed, until_position=None, channel__kind="private")
    groups = Membership.objects.filter(channel__in=unnamed, until_position=None, channel__kind="public")
    for stay in [*stays_now.select_related("user"), *groups.select_related("user").order_by("from_position", "user")]:
        people.setdefault(stay.channel_id, []).append(stay.user)
    return people


def _member_counts(channels: Sequence[Channel]) -> dict[int, int]:
    rows = Membership.objects.filter(channel__in=channels, until_position=None).values("channel")
    return dict(rows.annotate(count=Count("pk")).values_list("channel", "count"))


def channel_search(query: str, limit: int) -> list[tuple[Channel, int]]:
    """Listed, open groups whose name contains `query`, with their member counts."""
    found = Channel.objects.filter(kind=Channel.Kind.PUBLIC, listed=True, closed=False, join=Channel.Join.OPEN)
    if query:
        found = found.filter(name__icontains=query)
    channels = list(found.order_by("name")[:limit])
    counts = _member_counts(channels)
    return [(channel, counts.get(channel.pk, 0)) for channel in channels]


def persons(ids: Iterable[int]) -> dict[int, User]:
    return User.objects.in_bulk(list(ids))
