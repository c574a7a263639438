"""How far the search has read the log. Written only by `chat.search`."""

from __future__ import annotations

from django.db import models


class SearchCursor(models.Model):
    """One row: every message up to this position of the log is in the index. The index itself is `chat_search`."""

    position = models.BigIntegerField(default=0)
