"""The relay of a node: sends committed events to the other nodes, and passes their events to this node's hub.

Every event is *announced* in a group that all nodes join: complete if it is small, else without its body. Larger bodies
of channel events go to a group of the channel, which nodes join while a member is connected to them. Larger bodies for
users go by gRPC to the nodes that the users are connected to.

Delivery does not depend on the relay: the hub delivers events strictly in order and reads missing ones from the log. So
the channel layer may drop, delay, reorder and repeat messages, and while Redis is unreachable the log alone is enough.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from channels.layers import BaseChannelLayer

from delivery import tracing
from delivery.cluster.entry_codec import MalformedEntry, decode_entry, encode_entry
from delivery.cluster.layer_groups import LOG_GROUP, LayerGroups, channel_group
from delivery.cluster.message_seal import MessageSeal
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.metrics import LAYER_DROPPED
from delivery.redis.address import LAYER_TIMEOUT_SECONDS
from delivery.redis.faults import describe_error
from delivery.refusal_log import log_refusal

logger = logging.getLogger(__name__)

MAX_QUEUED_ENTRIES = 10_000
"""Events that may wait to be sent. Above it the oldest are dropped; other nodes read them from the log."""
MAX_WHOLE_BYTES = 1024
"""Bytes up to which an event is announced complete: one message of the layer instead of two (`make bench-cluster`)."""
ENTRIES_PER_MESSAGE = 200
SEND_INTERVAL_SECONDS = 0.03
"""Seconds between messages to the layer under load, because a message with several events costs as much as with one.

The first after a pause is sent at once, and so is a full one. Less than IM_CLUSTER_COMMIT_INTERVAL, so that a commit
never waits for it.
"""
LAYER_RETRY_SECONDS = 1.0
"""Seconds without attempts after the layer has failed."""
_NO_CHANNEL_PAUSE_SECONDS = 0.05

_FORGED = LAYER_DROPPED.labels("forged")
_ALLOWED_SENDERS = "nodes with the same secret"
_MALFORMED = LAYER_DROPPED.labels("malformed")
_OVERFLOW = LAYER_DROPPED.labels("overflow")
_UNREACHABLE = LAYER_DROPPED.labels("unreachable")


class Receiver(Protocol):
    """The part of the hub that the relay calls."""

    def receive_announcements(self, entries: Sequence[Entry]) -> None: ...

    def receive(self, entries: Sequence[Entry]) -> None: ...

    def deliver_transient(self, entry: Entry) -> None: ...


NodeFinder = Callable[[Sequence[int]], Awaitable[Mapping[int, set[str]]]]
"""Returns the ids of the nodes that each user is connected to, by user id."""
NodePusher = Callable[[str, Sequence[Entry]], Awaitable[None]]
"""Sends events to a node, by its id, over gRPC."""
RegistryRefresher = Callable[[], None]
"""Makes the registry of nodes refresh soon."""


class Relay:
    """The relay of one node. It runs on the node's event loop; `send` never waits."""

    def __init__(
        self,
        *,
        node: str,
        layer: BaseChannelLayer,
        secret: str,
        receiver: Receiver,
        find_nodes: NodeFinder,
        push_to_node: NodePusher,
        refresh_registry: RegistryRefresher,
    ) -> None:
        self.groups = LayerGroups(layer)
        self._node = node
        self._layer = layer
        self._seal = MessageSeal(secret)
        self._receiver = receiver
        self._find_nodes = find_nodes
        self._push_to_node = push_to_node
        self._refresh_registry = refresh_registry
        self._has_introduced = False
        self._queue: deque[Entry] = deque()
        self._trace: tracing.Context = None
        """The trace of the request whose events were queued last."""
        self._has_entries = asyncio.Event()
        self._sent_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start relaying, even while the layer is unreachable."""
        self.groups.request_update()
        self._tasks = [
            asyncio.create_task(self._repeat(job), name=f"relay {job.__name__}")
            for job in (self._update_groups, self._receive, self._send)
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.groups.stop_timers()
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await self._announce_node_change()
            await self.groups.leave_all()
        except Exception as error:
            logger.info("layer_release_failed", extra={"error": repr(error)})

    async def _repeat(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run the job in a loop; log its exceptions and continue."""
        while True:
            try:
                await job()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.warning("relay_error", extra={"job": job.__name__, "error": describe_error(error)})
                await asyncio.sleep(LAYER_RETRY_SECONDS)
            else:
                log_recovery(logger, "relay_error", job=job.__name__)

    async def _update_groups(self) -> None:
        await self.groups.update()
        if not self._has_introduced:
            try:
                async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                    await self._announce_node_change()
            except BaseException:
                self.groups.request_update()
                raise
            # Of two nodes that start at once, one gets the other's message, or finds it in the registry.
            self._refresh_registry()
            self._has_introduced = True

    # -- to the other nodes ---------------------------------------------------------------------------------------

    def send(self, entries: Iterable[Entry]) -> None:
        """Queue events for the other nodes and return at once.

        Transient ones (position 0) are pushed without an announcement.
        """
        self._queue.extend(entries)
        self._trace = tracing.current()
        while len(self._queue) > MAX_QUEUED_ENTRIES:
            self._queue.popleft()
            _OVERFLOW.inc()
        self._has_entries.set()

    def offer(self, entry: Entry) -> None:
        """Queue a transient push that is not worth waiting for; drop it if others fill a message to the layer."""
        if len(self._queue) < ENTRIES_PER_MESSAGE:
            self.send([entry])

    async def _send(self) -> None:
        if not self._queue:  # Events left by an error go without a signal.
            await self._has_entries.wait()
        self._has_entries.clear()
        loop = asyncio.get_running_loop()
        while self._queue:
            is_full = len(self._queue) >= ENTRIES_PER_MESSAGE
            if not is_full and (remaining := self._sent_at + SEND_INTERVAL_SECONDS - loop.time()) > 0:
                await asyncio.sleep(remaining)
            self._sent_at = loop.time()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), ENTRIES_PER_MESSAGE))]
            with tracing.span("relay", kind="producer", parent=self._trace, events=len(batch)):
                is_up = await self._send_batch(batch)
            if not is_up:
                await asyncio.sleep(LAYER_RETRY_SECONDS)
                return
            log_recovery(logger, "layer_unreachable")

    async def _send_batch(self, batch: Sequence[Entry]) -> bool:
        """Send the events to the layer and to the nodes of their users. Return whether the layer took them."""
        is_up = True
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await self._send_to_layer(batch)
        except Exception as error:
            is_up = False
            _UNREACHABLE.inc(len(batch))
            logger.warning("layer_unreachable", extra={"entries": len(batch), "error": describe_error(error)})
        if for_users := [entry for entry in batch if _direct_recipients(entry)]:
            await self._send_to_users(for_users)
        return is_up

    async def _send_to_layer(self, entries: Sequence[Entry]) -> None:
        whole: list[bytes] = []
        announced: list[bytes] = []
        bodies: dict[int, list[bytes]] = {}
        for entry in entries:
            if entry.channel is not None and not _direct_recipients(entry):
                packed = encode_entry(entry)
                if len(packed) <= MAX_WHOLE_BYTES:
                    whole.append(packed)
                    continue
                bodies.setdefault(entry.channel, []).append(packed)
            if entry.position:
                announced.append(encode_entry(entry, body=False))
        # Bodies first: an announcement without its body makes the other side wait.
        for channel, of_channel in bodies.items():
            await self._layer.group_send(channel_group(channel), self._message("bodies", of_channel))
        if whole:
            await self._layer.group_send(LOG_GROUP, self._message("bodies", whole))
        if announced:
            await self._layer.group_send(LOG_GROUP, self._message("announce", announced))

    async def _announce_node_change(self) -> None:
        """Ask the other nodes to refresh their registry, because this node has started or stops."""
        await self._layer.group_send(LOG_GROUP, self._message("nodes", ()))

    async def _send_to_users(self, entries: Sequence[Entry]) -> None:
        """Push to each node, in order, the events for users who are connected to it."""
        nodes_by_user = await self._find_nodes(
            list({user_id for entry in entries for user_id in _direct_recipients(entry)})
        )
        by_node: dict[str, list[Entry]] = {}
        for entry in entries:
            nodes = {node for user_id in _direct_recipients(entry) for node in nodes_by_user.get(user_id, ())}
            for node in nodes - {self._node}:
                by_node.setdefault(node, []).append(entry)
        for node, of_node in by_node.items():
            await self._push_to_node(node, of_node)

    def _message(self, kind: str, packed: Sequence[bytes]) -> dict[str, Any]:
        return {"type": kind, "node": self._node, "entries": packed, "seal": self._seal.make(kind, self._node, packed)}

    # -- from the other nodes -------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        if not self.groups.layer_channel:
            await asyncio.sleep(_NO_CHANNEL_PAUSE_SECONDS)
            return
        try:
            message = await self._layer.receive(self.groups.layer_channel)
        except (TypeError, ValueError) as error:
            # The layer could not decode the message. Failures of the layer itself are other errors.
            _MALFORMED.inc()
            logger.info("layer_malformed", extra={"error": repr(error)})
            return
        try:
            kind, node, packed = message["type"], message["node"], message["entries"]
            if not self._seal.is_valid(message["seal"], kind, node, packed):
                _FORGED.inc()
                log_refusal("layer_message_refused", allowed=_ALLOWED_SENDERS, setting="IM_CLUSTER_SECRET")
                return
            if node == self._node:
                return
            entries = [decode_entry(data, body=kind == "bodies") for data in packed]
        except (KeyError, TypeError, ValueError, AttributeError, MalformedEntry):
            _MALFORMED.inc()
            return
        if kind == "nodes":
            self._refresh_registry()
            return
        if kind == "announce":
            self._receiver.receive_announcements(entries)
            return
        self._receiver.receive([entry for entry in entries if entry.position])
        for entry in entries:
            if not entry.position:
                self._deliver_transient(entry)

    def _deliver_transient(self, entry: Entry) -> None:
        try:
            self._receiver.deliver_transient(entry)
        except Exception:
            # For example a kind that only newer nodes know. Messages of other nodes must not wait for it.
            logger.exception("push_undeliverable", extra={"kind": entry.kind})


def _direct_recipients(entry: Entry) -> tuple[int, ...]:
    """Return the users whose nodes get the body by gRPC: the audience, or both users of a private channel."""
    return entry.user_ids or tuple(entry.header.get("route", ()))
