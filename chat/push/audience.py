"""Finds the subscriptions that new messages concern.

Each query of this module is for a whole batch of messages, however many users read their channels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from chat import rules
from chat.models import Channel, Message, MessageMention, NotificationSetting, PushSubscription, ThreadFollower

_PERSONAL = {"direct": Q(direct=True), "mentions": Q(mentions=True), "threads": Q(threads=True)}
_FIELDS = ("pk", "user_id", "from_position")


@dataclass(frozen=True, slots=True)
class Notice:
    """The newest message of a channel that one subscription is to be notified of, and how many there are."""

    subscription: int
    channel: int
    message: int
    count: int


Settings = dict[tuple[int, int], tuple[str, bool]]
"""The level of notifications, and whether the channel is muted, by channel and user."""
_DEFAULT: tuple[str, bool] = (NotificationSetting.Level.DEFAULT, False)
Subscriptions = QuerySet[PushSubscription]
Row = tuple[int, int, int]
"""A subscription's id, its user's id, and the position from which on it is notified."""


def notices_of(message_ids: Sequence[int]) -> list[Notice]:
    """Return whom to notify of these messages, by what each subscription has chosen.

    Rights, blocks and the rest are checked when a notification is sent.
    """
    wanted = _wanted(message_ids, PushSubscription.objects.all())
    return [Notice(pk, channel, max(ids), len(ids)) for (pk, channel), ids in wanted.items()]


def wanted_by(subscription_ids: Collection[int], message_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return pairs of one of these subscriptions and the id of one of these messages that it has chosen."""
    wanted = _wanted(message_ids, PushSubscription.objects.filter(pk__in=subscription_ids))
    return {(pk, message) for (pk, _), ids in wanted.items() for message in ids}


def _wanted(message_ids: Sequence[int], among: Subscriptions) -> dict[tuple[int, int], set[int]]:
    """Return the ids of the messages that these subscriptions have chosen, by subscription and channel."""
    found = Message.objects.filter(pk__in=message_ids, recalled_at=None).select_related("channel")
    messages = {message.pk: message for message in found.order_by("pk")}
    settings = _settings({message.channel_id for message in messages.values()}, among)
    wanted: dict[tuple[int, int], set[int]] = {}
    for is_mention, message_id, rows in _by_message(list(messages.values()), settings, among):
        message = messages[message_id]
        for pk, user_id, from_position in rows:
            level, is_muted = settings.get((message.channel_id, user_id), _DEFAULT)
            is_refused = rules.wants_notification(level, is_muted=is_muted, is_mention=is_mention) is False
            if user_id != message.sender_id and message.position > from_position and not is_refused:
                wanted.setdefault((pk, message.channel_id), set()).add(message_id)
    return wanted


def _settings(channel_ids: Iterable[int], among: Subscriptions) -> Settings:
    """Return the settings of users with subscriptions in these channels."""
    found = NotificationSetting.objects.filter(channel__in=set(channel_ids), user__in=among.values("user"))
    rows = found.values_list("channel", "user", "level", "muted")
    return {(channel, user): (level, muted) for channel, user, level, muted in rows}


def _by_message(
    messages: Sequence[Message], settings: Settings, among: Subscriptions
) -> Iterable[tuple[bool, int, Iterable[Row]]]:
    """Return messages with subscriptions, and whether they mention these users or answer in their threads."""
    in_channels = [message for message in messages if not message.thread_only]
    for found in (_of_channels(in_channels, among), _of_levels(in_channels, settings, among)):
        yield from ((False, *pair) for pair in found)
    for found in (_of_mentions(messages, among), _of_threads(messages, among)):
        yield from ((True, *pair) for pair in found)


def _of_levels(
    messages: Sequence[Message], settings: Settings, among: Subscriptions
) -> Iterable[tuple[int, Iterable[Row]]]:
    """Find those who want every message of one channel."""
    users: dict[int, list[int]] = {}
    for (channel, user), (level, _) in settings.items():
        if level == NotificationSetting.Level.ALL:
            users.setdefault(channel, []).append(user)
    rows = _by_user({user for of_channel in users.values() for user in of_channel}, among)
    return [
        (message.pk, [row for user in users.get(message.channel_id, ()) for row in rows.get(user, ())])
        for message in messages
    ]


def _of_channels(messages: Sequence[Message], among: Subscriptions) -> Iterable[tuple[int, Iterable[Row]]]:
    """Find those who want every message, and both users of private channels."""
    by_kind: dict[str, dict[int, Channel]] = {kind: {} for kind in Channel.Kind.values}
    for message in messages:
        by_kind[message.channel.kind][message.channel_id] = message.channel
    rows: dict[int, list[Row]] = {}
    private = by_kind[Channel.Kind.PRIVATE].values()
    pairs = {user for channel in private for user in rules.pair_user_ids(channel.pair)}
    users = _by_user(pairs, among, "direct")
    for channel in private:
        rows[channel.pk] = [row for user in rules.pair_user_ids(channel.pair) for row in users.get(user, ())]
    rows |= _of_members(by_kind[Channel.Kind.PUBLIC], among.filter(everything=True))
    for channel in by_kind[Channel.Kind.GLOBAL].values():
        in_app = among.filter(everything=True, device__app=channel.app_id)
        rows[channel.pk] = list(in_app.values_list(*_FIELDS))
    return [(message.pk, rows.get(message.channel_id, ())) for message in messages]


def _of_mentions(messages: Sequence[Message], among: Subscriptions) -> Iterable[tuple[int, Iterable[Row]]]:
    mentioning = {message.pk: message.channel_id for message in messages if message.mentions}
    if not mentioning:
        return []
    found = MessageMention.objects.filter(message__in=list(mentioning), is_silent=False)
    mentions = list(found.values_list("message", "user"))
    users = _by_user({user for _, user in mentions if user is not None}, among, "mentions")
    all_of = {mentioning[message] for message, user in mentions if user is None}
    members = _of_members(all_of, among.filter(_wants("mentions")))
    return [
        (message, members.get(mentioning[message], ()) if user is None else users.get(user, ()))
        for message, user in mentions
    ]


def _of_threads(messages: Sequence[Message], among: Subscriptions) -> Iterable[tuple[int, Iterable[Row]]]:
    threads = {message.thread for message in messages if message.thread is not None}
    if not threads:
        return []
    followers: dict[int, list[int]] = {}
    found = ThreadFollower.objects.filter(thread__in=threads, follows=True)
    for thread, user in found.values_list("thread", "user"):
        followers.setdefault(thread, []).append(user)
    users = _by_user({user for of_thread in followers.values() for user in of_thread}, among, "threads")
    return [
        (message.pk, [row for user in followers.get(message.thread, ()) for row in users.get(user, ())])
        for message in messages
        if message.thread is not None
    ]


def _by_user(user_ids: Iterable[int], among: Subscriptions, kind: str = "") -> dict[int, list[Row]]:
    """Return the subscriptions of these users that want messages of this kind; without one all."""
    ids = set(user_ids)
    rows: dict[int, list[Row]] = {}
    if ids:
        for row in among.filter(_wants(kind), user__in=ids).values_list(*_FIELDS):
            rows.setdefault(row[1], []).append(row)
    return rows


def _of_members(channel_ids: Iterable[int], among: Subscriptions) -> dict[int, list[Row]]:
    """Return the subscriptions of members of these channels, by channel."""
    ids = set(channel_ids)
    rows: dict[int, list[Row]] = {}
    if ids:
        of_members = among.filter(user__memberships__channel__in=ids, user__memberships__until_position=None)
        for channel, *row in of_members.values_list("user__memberships__channel", *_FIELDS):
            rows.setdefault(channel, []).append((row[0], row[1], row[2]))
    return rows


def _wants(kind: str) -> Q:
    return _PERSONAL[kind] | Q(everything=True) if kind else Q()
