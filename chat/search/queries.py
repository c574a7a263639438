"""Search of the messages that a user may read now, by their current text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from chat import rules
from chat.models import Channel, Membership, Message
from chat.search.index import SEARCHABLE_TYPES, index_find
from chat.search.tokenizer import Phrase, matches, phrases
from chat.selectors import Access
from chat.selectors.readable import readable_anywhere, readable_in

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

    The search covers the channel of `access`, or everything that the user may read: with `manages` all groups, and the
    global channel of `app` (None: of every app). Edited and recalled messages match by their present text. A question
    without words returns nothing.
    """
    query = phrases(question)
    if not query:
        return SearchResult([], None)
    readable = readable_in(user, access) if access is not None else readable_anywhere(user, manages=manages, app=app)
    channels = [access.channel.pk] if access is not None else _channels(user, manages=manages, app=app)
    found: list[Message] = []
    looked_at, chunk = 0, min(MAX_CHUNK_SIZE, 2 * limit)
    while looked_at < MAX_CANDIDATES:
        ids = index_find(query, channels=channels, before=before, limit=chunk)
        found += _matching(readable.filter(pk__in=ids), query)
        if len(found) > limit:
            return SearchResult(found[:limit], found[limit - 1].pk)
        if len(ids) < chunk:
            return SearchResult(found, None)
        looked_at, before, chunk = looked_at + chunk, ids[-1], min(MAX_CHUNK_SIZE, 4 * chunk)
    return SearchResult(found, before)


def _matching(candidates: QuerySet[Message], query: Sequence[Phrase]) -> list[Message]:
    rows = candidates.filter(recalled_at=None, type__in=SEARCHABLE_TYPES).order_by("-pk")
    return [
        row
        for row in rows.select_related("sender", "recalled_by")
        if matches(rules.with_file_names(row.text, row.attachments), query)
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
