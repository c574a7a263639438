"""What a sender may do, asked under the locks of the transaction that stores the message.

A batch costs a fixed number of queries, and what concerns few (mutes, blocks, slow mode) is only looked for where it
can apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from django.db.models import Q

from accounts.models import Block, User
from chat import errors, rules
from chat.errors import ChatError
from chat.models import Channel, Membership, Message, ReadMark, Restriction
from chat.rules import Ranges
from chat.selectors.restrictions import in_force


class SendCandidate(Protocol):
    """What is asked of a message before it is stored. `app`: the app its sender is on; None: all of them."""

    @property
    def sender(self) -> int: ...
    @property
    def channel(self) -> int: ...
    @property
    def reply_to(self) -> int | None: ...
    @property
    def app(self) -> int | None: ...


class SendRights:
    """The rights of a batch's senders. `users` and `channels` are the locked rows, `stays` those of the senders in the
    channels, in order; `now` is the batch's time in ms."""

    def __init__(
        self,
        wanted: Sequence[SendCandidate],
        users: dict[int, User],
        channels: dict[int, Channel],
        stays: Iterable[Membership],
        now: int,
    ) -> None:
        self._users = users
        self._channels = channels
        self._now = now
        self._stays: dict[tuple[int, int], list[Membership]] = {}
        for stay in stays:
            self._stays.setdefault((stay.channel_id, stay.user_id), []).append(stay)
        replied = {one.reply_to for one in wanted if one.reply_to is not None}
        rows = Message.objects.filter(pk__in=replied).values_list("pk", "channel", "seq") if replied else []
        self._replied = {pk: (channel, seq) for pk, channel, seq in rows}
        self._mutes: dict[tuple[int, int | None], datetime | None] = {}
        self._bans: set[tuple[int, int]] = set()
        self._blocked: set[tuple[int, int]] = set()
        if restricted := [pk for pk, user in users.items() if user.restricted]:
            self._look_for_restrictions(restricted)
        slow = [pk for pk, channel in channels.items() if channel.slow_mode]
        marks = ReadMark.objects.filter(user__in=list(users), channel__in=slow, said_at__isnull=False) if slow else []
        self._said = {(mark.channel_id, mark.user_id): mark.said_at for mark in marks}

    def _look_for_restrictions(self, senders: Sequence[int]) -> None:
        here = Q(channel=None) | Q(channel__in=list(self._channels))
        for one in in_force(Restriction.objects.filter(here, user__in=senders)):
            if one.kind == Restriction.Kind.MUTE:
                self._mutes[one.user_id, one.channel_id] = one.until
            elif one.channel_id is not None:
                self._bans.add((one.user_id, one.channel_id))
        peers = {person for channel in self._channels.values() for person in rules.pair_people(channel.pair)}
        if peers:
            blocks = Block.objects.filter(blocked__in=senders, by__in=peers)
            self._blocked = set(blocks.values_list("by", "blocked"))

    def admit(self, wanted: SendCandidate) -> int | None:
        """The number of the message that is replied to, if any. Raises ChatError for what may not be sent."""
        user, channel = self._users.get(wanted.sender), self._channels.get(wanted.channel)
        if user is None or not user.is_active:
            raise ChatError(errors.NOT_AUTHORISED, "This account is not active.")
        if channel is None:
            raise ChatError(errors.NO_DATA, "There is no such channel.")
        ranges, role = self._standing(wanted, user, channel)
        rules.require_open_channel(channel.closed)
        seq = self._replied_seq(wanted, channel, ranges)
        if user.restricted:
            self._require_unrestricted(user, channel)
        if channel.announcements_only or channel.slow_mode:
            self._require_turn(user, channel, role)
        return seq

    def _standing(self, wanted: SendCandidate, user: User, channel: Channel) -> tuple[Ranges, str | None]:
        """What the sender may read of the channel, and their role in it (None in an app's room)."""
        if channel.kind == Channel.Kind.GLOBAL:
            assert channel.app is not None
            if not channel.app.enabled or wanted.app not in (None, channel.app.number):
                raise ChatError(errors.NO_DATA, "There is no such channel.")
            return rules.EVERYTHING, None
        stays = self._stays.get((channel.pk, user.pk), [])
        role = next((stay.role for stay in stays if stay.until_position is None), None)
        if user.is_guest or role is None or (user.pk, channel.pk) in self._bans:
            raise ChatError(errors.NO_DATA, "There is no such channel.")
        if rules.reads_everything(channel.join, channel.history):
            return rules.EVERYTHING, role
        return [(stay.from_seq, stay.until_seq) for stay in stays], role

    def _replied_seq(self, wanted: SendCandidate, channel: Channel, ranges: Ranges) -> int | None:
        if wanted.reply_to is None:
            return None
        replied_channel, seq = self._replied.get(wanted.reply_to, (0, 0))
        if replied_channel != channel.pk or not rules.readable(ranges, seq):
            raise ChatError(errors.NO_DATA, "There is no such message to reply to.")
        return seq

    def _require_unrestricted(self, user: User, channel: Channel) -> None:
        for where in (None, channel.pk):
            if (user.pk, where) in self._mutes:
                raise muted(self._mutes[user.pk, where])
        if any((person, user.pk) in self._blocked for person in rules.pair_people(channel.pair)):
            raise ChatError(errors.NOT_AUTHORISED, "You cannot write to this person.")

    def _require_turn(self, user: User, channel: Channel, role: str | None) -> None:
        """Owners and admins speak when they like; in an app's room, which has none, services do."""
        if role in ("owner", "admin") or (role is None and user.kind == User.Kind.SERVICE):
            return
        if channel.announcements_only:
            raise ChatError(errors.NOT_AUTHORISED, "Only owners and admins write in this channel.")
        place = (channel.pk, user.pk)
        wait = (self._said.get(place) or 0) + channel.slow_mode * 1000 - self._now
        if wait > 0:
            raise ChatError(
                errors.TOO_MUCH,
                f"One message every {channel.slow_mode} seconds, please: this channel is in slow mode.",
                retryAfter=wait / 1000,
            )
        self._said[place] = self._now


def require_unmuted(user: int, channel: Channel | None) -> None:
    """For other ways to put words before people, such as an edit."""
    here = Restriction.objects.filter(Q(channel=None) | Q(channel=channel), user=user, kind=Restriction.Kind.MUTE)
    if (mute := in_force(here).first()) is not None:
        raise muted(mute.until)


def muted(until: datetime | None) -> ChatError:
    """What somebody is told who may not speak; `until` in Unix ms, None: until it is lifted."""
    when = None if until is None else int(until.timestamp() * 1000)
    text = "You are muted." if until is None else f"You are muted until {until:%Y-%m-%d %H:%M} UTC."
    return ChatError(errors.NOT_AUTHORISED, text, until=when)
