"""Search of the messages that a user may read now, by their current text."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from chat import rules
from chat.models import Channel, Membership, Message
from chat.search.conditions import CONTENT_IN_ROW, channel_ids, id_bounds, restrict, sender_ids, zone_of
from chat.search.index import HAS_FILE, HAS_LINK, has_link, index_find, searched_text
from chat.search.question import Question, parse_question
from chat.search.tokenizer import matches
from chat.selectors import Access
from chat.selectors.readable import readable_anywhere, readable_in
from delivery.db.replica import read_fresh

MAX_CHUNK_SIZE = 1000
"""Candidates checked in one query. The first query takes about as many as a page needs."""
MAX_CANDIDATES = 5000
"""Candidates checked for one page; the next page continues from there."""
MAX_NAMED_CHANNELS = 500
"""Channels named in an index query. For a user in more channels, the whole index is searched."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Found messages, newest first. `next` is the id to continue from, or None at the end."""

    messages: list[Message]
    next: int | None


def message_search(
    user: User,
    question: str,
    *,
    limit: int,
    before: int | None = None,
    access: Access | None = None,
    manages: bool = False,
    app: int | None = None,
) -> SearchResult:
    """Return a page of messages that contain all words of the question, also in file names, with ids below `before`.

    The operators of the question (`chat.search.question`) restrict it; without words it returns all that they leave.
    The search covers the channel of `access`, or everything that the user may read: with `manages` all groups, and the
    global channel of `app` (None: of every app). Edited and recalled messages match by their present text. An
    empty question returns nothing. The page may come from the replica.
    """
    asked = parse_question(question, zone=zone_of(user), now=timezone.now())
    if asked.is_empty:
        return SearchResult([], None)
    readable = readable_in(user, access) if access is not None else readable_anywhere(user, manages=manages, app=app)

    def read() -> SearchResult:
        channels = [access.channel.pk] if access is not None else _channels(user, manages=manages, app=app)
        return _search(user, asked, readable, channels, limit=limit, before=before)

    return read_fresh(read)


def _search(
    user: User,
    asked: Question,
    readable: QuerySet[Message],
    channels: list[int] | None,
    *,
    limit: int,
    before: int | None,
) -> SearchResult:
    senders, named = sender_ids(asked, user), channel_ids(asked, user)
    if named is not None:
        readable = readable.filter(channel__in=named)
        channels = named if channels is None else sorted({*channels} & {*named})
    if senders is not None:
        readable = readable.filter(sender__in=senders)
    readable, (first, after_last) = restrict(readable, asked), id_bounds(asked)
    if after_last is not None:
        before = after_last if before is None else min(before, after_last)
    features = [HAS_LINK] * asked.has_link + [HAS_FILE] * asked.has_file
    found: list[Message] = []
    looked_at, chunk = 0, min(MAX_CHUNK_SIZE, 2 * limit)
    while looked_at < MAX_CANDIDATES:
        ids = index_find(
            asked.phrases, channels=channels, before=before, limit=chunk, senders=senders, features=features
        )
        found += _matching(readable.filter(pk__in=ids), asked)
        if len(found) > limit:
            return SearchResult(found[:limit], found[limit - 1].pk)
        if len(ids) < chunk or ids[-1] <= first:
            return SearchResult(found, None)
        looked_at, before, chunk = looked_at + chunk, ids[-1], min(MAX_CHUNK_SIZE, 4 * chunk)
    return SearchResult(found, before)


def _matching(candidates: QuerySet[Message], asked: Question) -> list[Message]:
    found = Q(type__in=rules.TYPES_WITH_TEXT) | CONTENT_IN_ROW
    rows = candidates.filter(found, recalled_at=None).order_by("-pk")
    return [
        row
        for row in rows.select_related("sender", "recalled_by")
        if (not asked.has_link or has_link(row.text))
        and (not asked.phrases or matches(searched_text(row.type, row.text, row.attachments), asked.phrases))
    ]


def _channels(user: User, *, manages: bool, app: int | None) -> list[int] | None:
    """Return the ids of the channels to name in the index query; None to search all."""
    if manages:
        return None
    global_channels = Channel.objects.filter(kind=Channel.Kind.GLOBAL, app__enabled=True)
    if app is not None:
        global_channels = global_channels.filter(app__number=app)
    own = Membership.objects.filter(user=user, until_position=None).values_list("channel", flat=True)
    named = {*global_channels.values_list("pk", flat=True), *own[: MAX_NAMED_CHANNELS + 1]}
    return sorted(named) if len(named) <= MAX_NAMED_CHANNELS else None
