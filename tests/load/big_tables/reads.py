"""The reads and writes of a site that are measured, by the functions that nodes call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.models import User
from chat.actions import retention
from chat.admin.statistics import read_statistics
from chat.models import Channel, Membership, Message, ThreadFollower
from chat.search.index import index_advance
from chat.search.queries import message_search
from chat.selectors import access_channel, channel_list, history, messages_after, sync
from chat.selectors.access import Access
from chat.selectors.mentions import mention_list
from chat.selectors.message_details import with_details
from chat.selectors.notifiable import unread_of
from chat.selectors.readable import readable_anywhere
from chat.selectors.received_messages import ReceivedQuery, received_answers
from chat.selectors.saved import saved_messages
from chat.selectors.threads import followed_threads, thread_answers
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from delivery import log
from delivery.hub.receipts import delete_old_receipts, delivery_counts
from tests.load.big_tables.rows import BUSY_CHANNELS, DAYS, word

PAGE = 50
FEW, SOME, LONG, MANY = 1_000, 10_000, 50_000, 150_000
"""Bounds of rows: of a page, of a page with all its conditions, of a search in parts, of a client that was away."""


@dataclass(frozen=True)
class Read:
    """A read or write, and the number of rows that it may read in tables of any size.

    `bound` None: it grows with the number of messages that fit, and DESIGN.md says why.
    """

    name: str
    run: Callable[[], object]
    bound: int | None = FEW


@dataclass(frozen=True)
class Readers:
    """Users and channels of the filled site."""

    busy: User
    """A member of a busy channel."""
    quiet: User
    """A member of groups with few messages only."""
    busy_access: Access
    quiet_access: Access

    @classmethod
    def find(cls) -> Readers:
        channels = Channel.objects.filter(name__startswith="Group ").order_by("pk")
        busy = list(channels.values_list("pk", flat=True)[:BUSY_CHANNELS])
        members = Membership.objects.filter(channel__in=busy)
        member = members.order_by("pk").select_related("user")[1].user
        quiet = Membership.objects.exclude(user__in=members.values("user")).order_by("-channel").select_related("user")
        found = quiet[0]
        return cls(member, found.user, access_channel(member, busy[0]), access_channel(found.user, found.channel_id))


def all_reads(readers: Readers) -> list[Read]:
    """Return what is measured."""
    busy, quiet, channel = readers.busy, readers.quiet, readers.busy_access
    head, last = log.head(), channel.channel.last_seq
    thread = ThreadFollower.objects.filter(thread__channel=channel.channel).order_by("-pk")[0].thread_id
    day, month = head - head // DAYS, head - head * 30 // DAYS

    def page(user: User, access: Access, before: int | None, after: int | None = None) -> object:
        found = history(user, access, before=before, after=after, limit=PAGE)
        return with_details(found.messages, user)

    def replayed(user: User, after: int) -> object:
        return sync(user, after=after, upto=head, limit=settings.IM_SYNC_MAX_EVENTS)

    def find(user: User, question: str, access: Access | None = None) -> Callable[[], object]:
        return lambda: message_search(user, question, limit=PAGE, access=access)

    def send() -> object:
        (outcome,) = commit([Draft(sender=busy.pk, channel=channel.channel.pk, text="wh and one more")])
        assert isinstance(outcome, StoredMessage), outcome
        return outcome

    def newest(user: User) -> list[Message]:
        found = Message.objects.filter(channel=channel.channel).select_related("sender")
        return list(found.order_by("-seq")[:PAGE])

    anywhere: Any = readable_anywhere
    return [
        Read("history: newest page", lambda: page(busy, channel, None)),
        Read("history: page in the middle", lambda: page(busy, channel, last // 2)),
        Read("history: page after a number", lambda: page(busy, channel, None, last // 3)),
        Read("history: page of a quiet channel", lambda: page(quiet, readers.quiet_access, None)),
        Read("sync: away for a day, quiet user", lambda: replayed(quiet, day)),
        Read("sync: away for 30 days, quiet user", lambda: replayed(quiet, month)),
        Read("sync: away for a day, busy user", lambda: replayed(busy, day), MANY),
        Read("sync: away for 30 days, busy user", lambda: replayed(busy, month), MANY),
        Read("missed messages: 30 days, quiet user", lambda: messages_after(quiet, after=month, upto=head)),
        Read("missed messages: 30 days, busy user", lambda: messages_after(busy, after=month, upto=head), SOME),
        Read("log-in: lacks messages?", lambda: received_answers([ReceivedQuery(quiet.pk, head, "", after=month)])),
        Read("log-in: list of channels", lambda: channel_list(busy, 101), SOME),
        Read("unread among a page", lambda: unread_of(busy, newest(busy))),
        Read("threads: followed", lambda: followed_threads(busy, app=None, before=None, limit=PAGE), None),
        Read("threads: answers", lambda: thread_answers(busy, channel, thread, before=None, after=None, limit=PAGE)),
        Read("mentions", lambda: mention_list(busy, anywhere(busy, app=None), before=None, limit=PAGE), SOME),
        Read("saved messages", lambda: saved_messages(busy, anywhere(busy, app=None), before=None, limit=PAGE), SOME),
        Read("search: rare word, everywhere", find(busy, word(120_000)), LONG),
        Read("search: rare word, one channel", find(busy, word(120_000), channel), LONG),
        Read("search: 1 in 500, everywhere", find(busy, word(5_000)), None),
        Read("search: 1 in 500, one channel", find(busy, word(5_000), channel), None),
        Read("search: common word, everywhere", find(busy, word(1)), SOME),
        Read("search: common word, one channel", find(busy, word(1), channel), SOME),
        Read("search: common word, quiet user", find(quiet, word(1)), LONG),
        Read("send: commit", send),
        Read("search: index a batch", index_advance),
        Read("log: next 200 events", lambda: log.read(head - 5_000, 200)),
        Read("receipts: of a message", lambda: delivery_counts(head)),
        Read("receipts: delete old ones", delete_old_receipts, SOME),
        Read("retention: channels with old messages", retention.channels_with_expired_messages, MANY),
        Read("retention: delete 500", lambda: _delete_expired(channel), MANY),
        Read("overview: statistics", lambda: read_statistics(datetime.now(UTC)), None),
    ]


def _delete_expired(access: Access) -> object:
    """Delete the 500 oldest messages of a channel, as if they were too old."""
    return retention.channel_delete_expired(channel_id=access.channel.pk, before=log.now_ms(), limit=500)
