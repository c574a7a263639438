"""Turns the operators of a question into conditions on messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.names import name_key
from chat import rules
from chat.models import Channel, ImportedRecord, Message, Thread
from chat.search.question import Question

MAX_NAMED = 50
"""Users and channels that one name stands for."""
CLOCK_SKEW_MS = 60_000
"""Difference of the nodes' clocks, within which ids and times may not be in the same order."""
CONTENT_IN_ROW = ~Q(type__in=rules.TYPES_WITH_TEXT) & ~Q(text="")
"""Pictures and voice messages of former versions, with their content in the row."""
HAS_FILE = Q(attachments__isnull=False) | CONTENT_IN_ROW
_SELF = "me"


def zone_of(user: User) -> tzinfo:
    """Return the time zone that the user has chosen, else the site's."""
    return ZoneInfo(user.time_zone) if user.time_zone else timezone.get_default_timezone()


def sender_ids(question: Question, user: User) -> list[int] | None:
    """Return the users whom `from:` names by user name or nickname; None if it names nobody."""
    return _user_ids(question.senders, user) if question.senders else None


def channel_ids(question: Question, user: User) -> list[int] | None:
    """Return the channels that `in:` names: by name, number, or the other user of a private channel. None: all.

    It may return channels that the user cannot read.
    """
    if not question.channels:
        return None
    wanted = Q(pk__in=())
    for name in question.channels:
        wanted |= Q(name=name) | Q(name__iexact=name)
        if name.isascii() and name.isdigit() and len(name) < 19:
            wanted |= Q(pk=int(name))
    others = _user_ids([name.removeprefix("@") for name in question.channels], user)
    wanted |= Q(pair__in=[rules.pair_of(user.pk, other) for other in others])
    return list(Channel.objects.filter(wanted).order_by("pk").values_list("pk", flat=True)[: MAX_NAMED * 10])


def _user_ids(names: Sequence[str], user: User) -> list[int]:
    keys = [name_key(name) for name in names]
    found = User.objects.filter(Q(username_key__in=keys) | Q(nickname_key__in=keys)).order_by("pk")
    ids = list(found.values_list("pk", flat=True)[:MAX_NAMED])
    return [*ids, user.pk] if _SELF in keys else ids


def restrict(messages: QuerySet[Message], question: Question) -> QuerySet[Message]:
    """Return those of the messages that meet the conditions on time, files and threads."""
    if question.since is not None:
        messages = messages.filter(time__gte=question.since)
    if question.until is not None:
        messages = messages.filter(time__lt=question.until)
    if question.has_file:
        messages = messages.filter(HAS_FILE)
    if question.in_thread:
        messages = messages.filter(Q(thread__isnull=False) | Exists(Thread.objects.filter(pk=OuterRef("pk"))))
    return messages


def id_bounds(question: Question) -> tuple[int, int | None]:
    """Return bounds of the ids of messages within the question's times: the first, and the one after the last."""
    if question.since is None and question.until is None:
        return 0, None
    # Ids follow the times only after the last import of old messages.
    imported = ImportedRecord.objects.filter(kind="message").order_by("-pk").values_list("record", flat=True).first()
    start = 0 if imported is None else imported + 1
    first = _first_id(question.since - CLOCK_SKEW_MS, start) if question.since is not None else 0
    after_last = _first_id(question.until + CLOCK_SKEW_MS, start) if question.until is not None else None
    return first if first > start else 0, after_last


def _first_id(time: int, start: int) -> int:
    """Return an id from `start` on above those of all messages before this time, in about thirty look-ups of a row."""
    low, high = start, (Message.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = Message.objects.filter(pk__gte=middle).order_by("pk").values_list("pk", "time").first()
        if row is None or row[1] >= time:
            high = middle
        else:
            low = row[0] + 1
    return low
