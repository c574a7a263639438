"""What this node has committed, to the other nodes, and what they have, to this node's hub.

Every event is *announced* on one group that all nodes follow: whole if it is small, else without its body. Larger
bodies of channels travel on a group of the channel, joined while a member is connected here; those of persons by gRPC
to the nodes that hold them. Nothing depends on any of it arriving: the hub passes what was announced strictly in order
and reads the log for what is missing. So the layer may drop, delay, reorder and repeat; while Redis is away a node goes
on by the log alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from channels.layers import BaseChannelLayer

from delivery.cluster.entry_codec import Malformed, from_bytes, to_bytes
from delivery.log import Entry
from delivery.metrics import LAYER_DROPPED

logger = logging.getLogger(__name__)

LOG = "log"
QUEUE = 10_000
"""Entries that wait to be sent; beyond it the oldest are left to the log."""
SMALL = 1024
"""Bytes of an entry that is announced whole: one message of the layer instead of two (`make clustercost`)."""
TOGETHER = 200
"""Entries in one message of the layer."""
PACE = 0.03
"""Seconds between messages to the layer under load: one that carries several entries costs as much as one with one.
The first after a pause goes at once. Less than IM_CLUSTER_COMMIT_INTERVAL, so that a commit never waits here."""
PATIENCE = 0.5
"""Seconds that the layer may take for one thing."""
PAUSE = 1.0
"""Seconds that a layer which has failed is left alone."""
GROUP_IDLE_SECONDS = 30.0
"""Seconds for which a channel's group is kept after its last member here has gone."""
RENEWAL = 3600.0
"""Seconds after which all groups are joined anew: the queue layer forgets its members after a day."""
_SEAL = 16

_FORGED = LAYER_DROPPED.labels("forged")
_MALFORMED = LAYER_DROPPED.labels("malformed")
_OVERFLOW = LAYER_DROPPED.labels("overflow")
_UNREACHABLE = LAYER_DROPPED.labels("unreachable")


class Receiver(Protocol):
    """The hub, as the relay sees it."""

    def receive_announcements(self, entries: Sequence[Entry]) -> None: ...

    def receive(self, entries: Sequence[Entry]) -> None: ...

    def deliver_transient(self, entry: Entry) -> None: ...


Pusher = Callable[[str, Sequence[Entry]], Awaitable[None]]
"""Brings entries to a node, by its id, over gRPC."""
Finder = Callable[[Sequence[int]], Awaitable[Mapping[int, set[str]]]]
"""Which nodes hold which persons."""
RegistryRefresher = Callable[[], None]
"""Looks soon which nodes there are."""


class Relay:
    """One per node. All of it runs on the node's event loop; `send` never waits."""

    def __init__(
        self,
        *,
        node: str,
        layer: BaseChannelLayer,
        secret: str,
        receiver: Receiver,
        find: Finder,
        push: Pusher,
        look: RegistryRefresher,
    ) -> None:
        self._node = node
        self._layer = layer
        self._key = hashlib.blake2b(secret.encode(), person=b"imsite.relay").digest()
        self._receiver = receiver
        self._find = find
        self._push = push
        self._look = look
        self._greeted = False
        self._waiting: deque[Entry] = deque()
        self._arrived = asyncio.Event()
        self._wanted: set[str] = {LOG}
        self._joined: set[str] = set()
        self._changed = asyncio.Event()
        self._lingering: dict[int, asyncio.TimerHandle] = {}
        self._sent_at = 0.0
        self._name = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; also while the layer cannot be reached."""
        self._changed.set()
        self._tasks = [
            asyncio.create_task(self._keep(job), name=f"relay {job.__name__}")
            for job in (self._subscribe, self._receive, self._send)
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._lingering.values():
            timer.cancel()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._tell_of_nodes()
            for group in self._joined:
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_discard(group, self._name)
        except Exception as error:
            logger.info("layer_release_failed", extra={"error": repr(error)})

    # -- out ------------------------------------------------------------------------------------------------------

    def send(self, entries: Iterable[Entry]) -> None:
        """Tell the other nodes, soon. Committed entries are announced; transient ones (position 0) only brought."""
        self._waiting.extend(entries)
        while len(self._waiting) > QUEUE:
            self._waiting.popleft()
            _OVERFLOW.inc()
        self._arrived.set()

    async def _send(self) -> None:
        if not self._waiting:  # What a fault has left goes without news.
            await self._arrived.wait()
        self._arrived.clear()
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (left := self._sent_at + PACE - loop.time()) > 0:
                await asyncio.sleep(left)
            self._sent_at = loop.time()
            together = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER))]
            direct = [entry for entry in together if _persons(entry)]
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._send_to_layer(together)
            except Exception as error:
                _UNREACHABLE.inc(len(together))
                logger.warning("layer_unreachable", extra={"entries": len(together), "error": repr(error)})
                if direct:
                    await self._send_to_persons(direct)
                await asyncio.sleep(PAUSE)
                return
            if direct:
                await self._send_to_persons(direct)

    async def _send_to_layer(self, entries: Sequence[Entry]) -> None:
        whole: list[bytes] = []
        announced: list[bytes] = []
        bodies: dict[int, list[bytes]] = {}
        for entry in entries:
            if entry.channel is not None and not _persons(entry):
                packed = to_bytes(entry)
                if len(packed) <= SMALL:
                    whole.append(packed)
                    continue
                bodies.setdefault(entry.channel, []).append(packed)
            if entry.position:
                announced.append(to_bytes(entry, body=False))
        # Bodies first: an announcement without its body makes the other side wait.
        for channel, those in bodies.items():
            await self._layer.group_send(_group(channel), self._message("bodies", those))
        if whole:
            await self._layer.group_send(LOG, self._message("bodies", whole))
        if announced:
            await self._layer.group_send(LOG, self._message("announce", announced))

    async def _tell_of_nodes(self) -> None:
        """Have the other nodes look who there is: this one has come, or goes."""
        await self._layer.group_send(LOG, self._message("nodes", ()))

    async def _send_to_persons(self, entries: Sequence[Entry]) -> None:
        """To each node what concerns the persons it holds, in order."""
        held = await self._find(list({person for entry in entries for person in _persons(entry)}))
        for_node: dict[str, list[Entry]] = {}
        for entry in entries:
            for node in {node for person in _persons(entry) for node in held.get(person, ())} - {self._node}:
                for_node.setdefault(node, []).append(entry)
        for node, those in for_node.items():
            await self._push(node, those)

    def _message(self, kind: str, packed: Sequence[bytes]) -> dict[str, Any]:
        return {"type": kind, "node": self._node, "entries": packed, "seal": self._seal(kind, self._node, packed)}

    def _seal(self, kind: str, node: str, packed: Sequence[bytes]) -> bytes:
        """Proof that a node of this site made the message."""
        made = hashlib.blake2b(f"{kind} {node}".encode(), key=self._key, digest_size=_SEAL)
        for data in packed:
            made.update(len(data).to_bytes(4, "big"))
            made.update(data)
        return made.digest()

    # -- in -------------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        if not self._name:
            await asyncio.sleep(0.05)
            return
        try:
            message = await self._layer.receive(self._name)
        except (TypeError, ValueError) as error:
            # The layer could not even read it. Where the layer itself fails, that is another error.
            _MALFORMED.inc()
            logger.info("layer_malformed", extra={"error": repr(error)})
            return
        try:
            kind, node, packed = message["type"], message["node"], message["entries"]
            if not hmac.compare_digest(message["seal"], self._seal(kind, node, packed)):
                _FORGED.inc()
                return
            if node == self._node:
                return
            entries = [from_bytes(data, body=kind == "bodies") for data in packed]
        except (KeyError, TypeError, ValueError, AttributeError, Malformed):
            _MALFORMED.inc()
            return
        if kind == "nodes":
            self._look()
            return
        if kind == "announce":
            self._receiver.receive_announcements(entries)
            return
        self._receiver.receive([entry for entry in entries if entry.position])
        for entry in entries:
            if not entry.position:
                self._deliver(entry)

    def _deliver(self, entry: Entry) -> None:
        try:
            self._receiver.deliver_transient(entry)
        except Exception:
            # A push that a newer node has made, say. What all nodes tell must not wait for it.
            logger.exception("push_undeliverable", extra={"kind": entry.kind})

    # -- groups ---------------------------------------------------------------------------------------------------

    def serve(self, channel: int) -> None:
        """A member of the channel is connected here."""
        if (timer := self._lingering.pop(channel, None)) is not None:
            timer.cancel()
        self._want(_group(channel), True)

    def leave(self, channel: int) -> None:
        """The last one has gone; one may come back at once, so the group is kept for a while."""
        if channel not in self._lingering:
            loop = asyncio.get_running_loop()
            self._lingering[channel] = loop.call_later(GROUP_IDLE_SECONDS, self._let_go, channel)

    def _let_go(self, channel: int) -> None:
        del self._lingering[channel]
        self._want(_group(channel), False)

    def _want(self, group: str, wanted: bool) -> None:
        if wanted != (group in self._wanted):
            (self._wanted.add if wanted else self._wanted.discard)(group)
            self._changed.set()

    async def _subscribe(self) -> None:
        try:
            async with asyncio.timeout(RENEWAL):
                await self._changed.wait()
        except TimeoutError:
            self._joined.clear()
        self._changed.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                if not self._name:
                    self._name = await self._layer.new_channel("node")
            for group in list(self._wanted - self._joined):
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_add(group, self._name)
                self._joined.add(group)
            for group in list(self._joined - self._wanted):
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_discard(group, self._name)
                self._joined.discard(group)
            if not self._greeted:
                async with asyncio.timeout(PATIENCE):
                    await self._tell_of_nodes()
                # Of two that start at once, one hears the other or finds it.
                self._look()
                self._greeted = True
        except BaseException:
            self._changed.set()
            raise

    def renew(self) -> None:
        """Join all groups anew: Redis may have come back empty."""
        self._joined.clear()
        self._changed.set()

    async def _keep(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do the job again and again, whatever the layer does."""
        while True:
            try:
                await job()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                logger.warning("relay_fault", extra={"job": job.__name__, "error": repr(error)})
                await asyncio.sleep(PAUSE)


def _group(channel: int) -> str:
    return f"c.{channel}"


def _persons(entry: Entry) -> tuple[int, ...]:
    """Whom the body is brought to directly: the audience, or the two of a private channel; nobody for a group."""
    return entry.user_ids or tuple(entry.header.get("route", ()))
