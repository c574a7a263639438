"""Groups of the channel layer that this node joins: one of all nodes, and one for each channel with members here."""

from __future__ import annotations

import asyncio

from channels.layers import BaseChannelLayer

from delivery.redis.address import LAYER_TIMEOUT_SECONDS

LOG_GROUP = "log"
"""The group that all nodes join."""
GROUP_IDLE_SECONDS = 30.0
"""Seconds that a channel's group is kept after its last member on this node has disconnected."""
GROUP_RENEWAL_SECONDS = 3600.0
"""Seconds between rejoining all groups, because channels-redis forgets members after a day."""


class LayerGroups:
    """Joins and leaves groups one after the other, outside of deliveries. On the node's event loop."""

    def __init__(self, layer: BaseChannelLayer) -> None:
        self.layer_channel = ""
        """The channel name under which the channel layer delivers to this node; empty until `update` has obtained one.
        """
        self._layer = layer
        self._wanted: set[str] = {LOG_GROUP}
        self._joined: set[str] = set()
        self._update_requested = asyncio.Event()
        self._idle_timers: dict[int, asyncio.TimerHandle] = {}

    def join_channel(self, channel: int) -> None:
        """Join the channel's group, because a member is connected to this node."""
        if (timer := self._idle_timers.pop(channel, None)) is not None:
            timer.cancel()
        self._set_wanted(channel_group(channel), True)

    def leave_channel(self, channel: int) -> None:
        """Leave the channel's group after GROUP_IDLE_SECONDS, unless `join_channel` is called in the meantime."""
        if channel not in self._idle_timers:
            loop = asyncio.get_running_loop()
            self._idle_timers[channel] = loop.call_later(GROUP_IDLE_SECONDS, self._on_idle, channel)

    def _on_idle(self, channel: int) -> None:
        del self._idle_timers[channel]
        self._set_wanted(channel_group(channel), False)

    def _set_wanted(self, group: str, wanted: bool) -> None:
        if wanted != (group in self._wanted):
            (self._wanted.add if wanted else self._wanted.discard)(group)
            self.request_update()

    def renew(self) -> None:
        """Join all groups again, because Redis may have lost them."""
        self._joined.clear()
        self.request_update()

    def request_update(self) -> None:
        """Make a waiting `update` start at once."""
        self._update_requested.set()

    async def update(self) -> None:
        """Wait for a change, then join and leave groups. After an error the next call does not wait.

        Raises the channel layer's exceptions.
        """
        try:
            async with asyncio.timeout(GROUP_RENEWAL_SECONDS):
                await self._update_requested.wait()
        except TimeoutError:
            self._joined.clear()
        self._update_requested.clear()
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                if not self.layer_channel:
                    self.layer_channel = await self._layer.new_channel("node")
            for group in list(self._wanted - self._joined):
                async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                    await self._layer.group_add(group, self.layer_channel)
                self._joined.add(group)
            for group in list(self._joined - self._wanted):
                async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                    await self._layer.group_discard(group, self.layer_channel)
                self._joined.discard(group)
        except BaseException:
            self.request_update()
            raise

    def stop_timers(self) -> None:
        for timer in self._idle_timers.values():
            timer.cancel()

    async def leave_all(self) -> None:
        """Leave all groups. Raises what the channel layer raises."""
        for group in self._joined:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await self._layer.group_discard(group, self.layer_channel)


def channel_group(channel: int) -> str:
    return f"c.{channel}"
