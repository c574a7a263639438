"""Storage that the files of each channel and user take. Files that are removed do not count.

A forwarded file counts in each of its channels, and for the user who uploaded it first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import QuerySet, Sum

from accounts.models import User
from chat.admin.queries import channel_titles
from chat.attachments.quotas import stored_bytes
from chat.models import Attachment, Channel

CACHE_KEY = "admin.storage_use"
CACHE_SECONDS = 600
"""It reads the whole table of files."""
MAX_LARGEST = 8


@dataclass(frozen=True, slots=True)
class StorageUse:
    """Bytes of all files, of each channel's files by its id, and of the users with the most."""

    total: int
    by_channel: dict[int, int]
    largest_users: list[tuple[int, int]]

    @property
    def largest_channels(self) -> list[tuple[int, int]]:
        return sorted(self.by_channel.items(), key=lambda item: (-item[1], item[0]))[:MAX_LARGEST]


def cached_storage_use() -> StorageUse:
    """Return the use of storage, at most CACHE_SECONDS old."""
    found: StorageUse | None = cache.get(CACHE_KEY)
    if found is None:
        found = read_storage_use()
        cache.set(CACHE_KEY, found, CACHE_SECONDS)
    return found


def read_storage_use() -> StorageUse:
    """Return the use of storage now."""
    return StorageUse(
        total=stored_bytes(_stored()),
        by_channel=dict(_sums(_stored().filter(message__isnull=False), "message__channel")),
        largest_users=list(_sums(_stored().filter(is_copy=False), "uploader")[:MAX_LARGEST]),
    )


def bytes_by_user(users: Collection[int]) -> dict[int, int]:
    """Return the bytes of these users' files, by user id. Users without files are left out."""
    return dict(_sums(_stored().filter(uploader__in=users, is_copy=False), "uploader"))


def largest_rows(use: StorageUse) -> dict[str, list[tuple[int, str, int]]]:
    """Return the id, name and bytes of the largest `channels` and `users`, for the overview."""
    channels, users = dict(use.largest_channels), dict(use.largest_users)
    titles = channel_titles(Channel.objects.filter(pk__in=channels))
    names = dict(User.objects.filter(pk__in=users).values_list("pk", "nickname"))
    return {
        "channels": [(pk, titles[pk], size) for pk, size in channels.items() if pk in titles],
        "users": [(pk, names[pk], size) for pk, size in users.items() if pk in names],
    }


def _stored() -> QuerySet[Attachment]:
    return Attachment.objects.exclude(state=Attachment.State.REMOVED)


def _sums(rows: QuerySet[Attachment], group: str) -> QuerySet[Attachment, tuple[int, int]]:
    """Return each group with its bytes, the largest first."""
    sums = rows.values(group).annotate(bytes=Sum("size")).order_by("-bytes", group)
    found: QuerySet[Attachment, tuple[int, int]] = sums.values_list(group, "bytes")
    return found
