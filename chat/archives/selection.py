"""The channels and users that an archive contains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from chat import rules
from chat.imports.records import ChannelRecord, MemberRecord, UserRecord
from chat.models import Channel, Membership, Message, ReactionUser
from delivery import log

_ROWS_PER_FETCH = 2000


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the site: these channels, the channels of a user with that user's own messages, or everything."""

    channel_ids: Sequence[int] = ()
    user: User | None = None

    def channels(self) -> QuerySet[Channel]:
        found = Channel.objects.order_by("pk")
        if self.channel_ids:
            return found.filter(pk__in=self.channel_ids)
        if self.user is not None:
            own = Message.objects.filter(sender=self.user).order_by().values("channel").distinct()
            return found.filter(Q(pk__in=self._memberships().values("channel")) | Q(pk__in=own))
        return found

    def messages(self, channel_id: int, after: int) -> QuerySet[Message]:
        """Return the messages of a channel after a sequence number, in order, without recalled ones."""
        found = Message.objects.filter(channel=channel_id, seq__gt=after, recalled_at=None).order_by("seq")
        return found.filter(sender=self.user) if self.user is not None else found

    def users(self) -> Iterator[User]:
        """Yield the users whom the archive names: all, or the members of the channels and who wrote in them."""
        found = User.objects.order_by("pk")
        if self.user is not None:
            found = found.filter(pk=self.user.pk)
        elif self.channel_ids:
            members = Membership.objects.filter(channel__in=self.channel_ids).values("user")
            senders = Message.objects.filter(channel__in=self.channel_ids).order_by().values("sender").distinct()
            reacted = ReactionUser.objects.filter(reaction__message__channel__in=self.channel_ids).values("user")
            found = found.filter(Q(pk__in=members) | Q(pk__in=senders) | Q(pk__in=reacted))
        return found.iterator(_ROWS_PER_FETCH)

    def members(self, channel: Channel) -> list[MemberRecord]:
        rows = Membership.objects.filter(channel=channel, until_position=None).order_by("pk")
        if self.user is not None:
            rows = rows.filter(user=self.user)
        limited = channel.kind == Channel.Kind.PUBLIC and not rules.reads_everything(channel.join, channel.history)
        times: dict[int, int] = {1: 0}
        members = []
        for user, role, from_seq in rows.values_list("user", "role", "from_seq").iterator(_ROWS_PER_FETCH):
            if limited and from_seq not in times:
                times[from_seq] = _time_from(channel, from_seq)
            since = times[from_seq] if limited else 0
            members.append(MemberRecord(user=str(user), role=role, since=since))  # type: ignore[arg-type]
        return members

    def _memberships(self) -> QuerySet[Membership]:
        return Membership.objects.filter(user=self.user, until_position=None)


def _time_from(channel: Channel, seq: int) -> int:
    """Return the time of the first message from this sequence number on; the present one if there is none."""
    later = Message.objects.filter(channel=channel, seq__gte=seq).order_by("seq")
    return later.values_list("time", flat=True).first() or log.now_ms()


def user_record(user: User) -> UserRecord:
    """Return a user without secrets. A deleted account has no name and no address."""
    return UserRecord(
        key=str(user.pk),
        name=user.public_name,
        nickname=user.nickname,
        email=user.email or "",
        kind=user.kind,  # type: ignore[arg-type]
        active=user.is_active,
    )


def channel_record(channel: Channel, members: list[MemberRecord]) -> ChannelRecord:
    kinds = {Channel.Kind.GLOBAL: "app", Channel.Kind.PUBLIC: "group", Channel.Kind.PRIVATE: "private"}
    return ChannelRecord(
        key=str(channel.pk),
        kind=kinds[Channel.Kind(channel.kind)],  # type: ignore[arg-type]
        name=channel.name,
        topic=channel.topic,
        description=channel.description,
        join=channel.join,  # type: ignore[arg-type]
        history=channel.history,  # type: ignore[arg-type]
        listed=channel.listed,
        closed=channel.closed,
        app=channel.app.number if channel.app is not None else 0,
        members=members,
    )
