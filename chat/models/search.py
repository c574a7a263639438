"""The position up to which messages are indexed. Written only by `chat.search`."""

from __future__ import annotations

from django.db import models


class SearchCursor(models.Model):
    """One row: the position up to which messages are indexed. The index itself is the table `chat_search`."""

    position = models.BigIntegerField(default=0)
