"""Reads events of the log with the media that codecs send with them. The layers above register what loads these."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from delivery import log
from delivery.log import Entry

MediaLoader = Callable[[Sequence[Entry]], None]
"""Sets the media of those of these events that have any. It may query the database."""

media_loaders: list[MediaLoader] = []


def read_with_media(after: int, limit: int) -> list[Entry]:
    """Return up to `limit` committed events after a position, in order, with their media."""
    entries = log.read(after, limit)
    for load in media_loaders:
        load(entries)
    return entries
