"""The calling side of deliver.proto: the other nodes of the site, as far as the registry names them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from delivery.cluster.entry_codec import to_bytes
from delivery.cluster.rpc import deliver_pb2
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.peer import Peer, PeerFailed
from delivery.log import Entry
from delivery.metrics import GRPC_CALLS, GRPC_DROPPED

T = TypeVar("T")

_UNKNOWN = GRPC_DROPPED.labels("unknown")

ONLINE_AT_ONCE = 10_000
"""Persons in one question: their ids fill a small part of a message."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """How a node is; `started` in Unix milliseconds, `watermark` the position it has passed the log up to.

    `addresses`, one for each connection, only if asked for.
    """

    node: str
    started: int
    connections: int
    logged_in: int
    watermark: int
    logging_in: int = 0
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What the nodes answered, and of those that did not, why."""

    results: dict[str, T]
    failed: dict[str, str]


class Peers:
    """Calls to other nodes by their id. All of it belongs on the event loop that it was made on.

    Whatever fails raises PeerFailed, at the latest after IM_RPC_TIMEOUT; for a node that nobody named, at once.
    """

    def __init__(self, credential: ClusterCredential, clock: Callable[[], float] = time.monotonic) -> None:
        self._credential = credential
        self._clock = clock
        self._peers: dict[str, Peer] = {}
        self._endings: set[asyncio.Task[None]] = set()

    # -- who there is ---------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> list[str]:
        return list(self._peers)

    def set_nodes(self, nodes: Mapping[str, str], joined: Collection[str] = ()) -> None:
        """These are the other nodes now, id to address. Who is not among them any more is forgotten with all it had.

        So is what was known of those who have `joined`: another process, well though the one before it failed.
        """
        for node, peer in list(self._peers.items()):
            if nodes.get(node) != peer.address or node in joined:
                self._end(self._peers.pop(node))
        for node, address in nodes.items():
            if node not in self._peers:
                self._peers[node] = Peer(node, address, self._credential, self._clock)

    def left_alone(self, node: str) -> bool:
        """Whether calls to the node have failed so often that only a probe now and then reaches it."""
        return node in self._peers and self._peers[node].breaker.open

    async def stop(self) -> None:
        """Forget all nodes."""
        self.set_nodes({})
        await asyncio.gather(*self._endings, return_exceptions=True)

    def _end(self, peer: Peer) -> None:
        task = asyncio.create_task(peer.stop(), name=f"end of peer {peer.node}")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    # -- pushes ---------------------------------------------------------------------------------------------------

    async def push(self, node: str, entries: Sequence[Entry]) -> None:
        """Queue the entries for the node; never waits for it, never fails. They arrive in order, or not at all."""
        if (peer := self._peers.get(node)) is None:
            _UNKNOWN.inc(len(entries))
        else:
            peer.push(map(to_bytes, entries))

    # -- questions ------------------------------------------------------------------------------------------------

    async def online(self, node: str, persons: Sequence[int], app: int | None = None) -> set[int]:
        """Which of the persons are connected to the node, on `app` or on any."""
        found: set[int] = set()
        for start in range(0, len(persons), ONLINE_AT_ONCE):
            request = deliver_pb2.OnlineRequest(persons=persons[start : start + ONLINE_AT_ONCE], app=app)
            reply: deliver_pb2.OnlineReply = await self._ask(node, "Online", request)
            found.update(reply.persons)
        return found

    async def persons(self, node: str, app: int, *, after: int = 0, limit: int = 0) -> tuple[dict[int, str], bool]:
        """A page of who is connected to the node on `app`: id to name, by id; and whether there are more."""
        request = deliver_pb2.PersonsRequest(app=app, after=after, limit=limit)
        reply: deliver_pb2.PersonsReply = await self._ask(node, "Persons", request)
        return {person.id: person.name for person in reply.persons}, reply.has_more

    async def close(self, node: str, *, person: int | None = None, credential: str | None = None) -> int:
        """Close the person's connections to the node with 4001, only those by `credential` if given; gives how many.

        With `credential` alone, whoever's they are.
        """
        request = deliver_pb2.CloseRequest(person=person, credential=credential)
        reply: deliver_pb2.CloseReply = await self._ask(node, "Close", request)
        return reply.closed

    async def state(self, node: str, *, addresses: bool = False) -> NodeState:
        reply: deliver_pb2.StateReply = await self._ask(node, "State", deliver_pb2.StateRequest(addresses=addresses))
        return NodeState(
            reply.node,
            reply.started,
            reply.connections,
            reply.logged_in,
            reply.watermark,
            reply.logging_in,
            tuple(reply.addresses),
        )

    async def _ask(self, node: str, method: str, request: Any) -> Any:
        peer = self._peers.get(node)
        if peer is None:
            GRPC_CALLS.labels(method, "unknown").inc()
            raise PeerFailed(node, method, "unknown")
        return await peer.call(method, request, repeatable=True)

    async def ask_all(self, call: Callable[[str], Awaitable[T]]) -> Answers[T]:
        """Make the call for all nodes at once, for example `lambda node: peers.online(node, persons)`."""
        nodes = self.nodes

        async def ask(node: str) -> T | PeerFailed:
            try:
                return await call(node)
            except PeerFailed as failure:
                return failure

        answers: Answers[T] = Answers({}, {})
        for node, answer in zip(nodes, await asyncio.gather(*map(ask, nodes)), strict=True):
            if isinstance(answer, PeerFailed):
                answers.failed[node] = answer.reason
            else:
                answers.results[node] = answer
        return answers
