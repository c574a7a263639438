"""Channels that other systems send to: private channels and global channels, cached on the event loop."""

from __future__ import annotations

from collections.abc import Collection

from chat import rules
from chat.models import Channel
from delivery.db.lookup_cache import LookupCache

_MAX_PRIVATE_CHANNELS = 200_000
_MAX_APPS = 10_000


def _load_private_channels(pairs: Collection[str]) -> dict[str, int]:
    rows = Channel.objects.filter(pair__in=pairs).values_list("pair", "pk")
    return {pair: channel for pair, channel in rows if pair is not None}


def _load_global_channels(apps: Collection[int]) -> dict[int, int]:
    rows = Channel.objects.filter(app__in=apps).values_list("app", "pk")
    return {app: channel for app, channel in rows if app is not None}


# A private channel may be created at any time by any process, and never goes away.
_private_channels: LookupCache[str, int] = LookupCache(
    _load_private_channels, max_keys=_MAX_PRIVATE_CHANNELS, keeps_absent=False
)
_global_channels: LookupCache[int, int] = LookupCache(_load_global_channels, max_keys=_MAX_APPS, keeps_absent=False)


async def private_channel_id(user_id: int, other_id: int) -> int | None:
    """Return the id of the private channel of two users, None if there is none."""
    return await _private_channels.get(rules.pair_of(user_id, other_id))


async def private_channel_ids(user_id: int, other_ids: Collection[int]) -> dict[int, int]:
    """Return the ids of those private channels that the user has with the others, by the other's id."""
    pairs = {rules.pair_of(user_id, other): other for other in other_ids}
    found = await _private_channels.get_many(pairs.keys())
    return {pairs[pair]: channel for pair, channel in found.items()}


async def global_channel_id(app_id: int) -> int | None:
    """Return the id of the global channel of the app with this row id."""
    return await _global_channels.get(app_id)
