"""The position up to which messages are indexed. Written only by `chat.search`."""

from __future__ import annotations

from django.db import models


class SearchCursor(models.Model):
    """One row: the index holds every message up to this log position. The index itself is the table `chat_search`."""

    position = models.BigIntegerField(default=0)
