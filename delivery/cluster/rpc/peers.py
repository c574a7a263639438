"""The calling side of deliver.proto: calls to the other nodes of the cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from delivery.cluster.entry_codec import encode_entry
from delivery.cluster.rpc import deliver_pb2
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.peer import Peer, PeerFailed
from delivery.log import Entry
from delivery.metrics import GRPC_CALLS, GRPC_DROPPED

T = TypeVar("T")

_DROPPED_FOR_UNKNOWN_NODES = GRPC_DROPPED.labels("unknown")

USERS_PER_REQUEST = 10_000
"""Users in one request; their ids fill a small part of a message."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """The state of a node. `started`: Unix milliseconds; `watermark`: the position up to which it has delivered.

    `addresses`: one for each connection, only if requested.
    """

    node: str
    started: int
    connections: int
    logged_in: int
    watermark: int
    logging_in: int = 0
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeReplies(Generic[T]):
    """The replies of the nodes by id, and the failure reasons of the others (see `PeerFailed.reason`)."""

    results: dict[str, T]
    failed: dict[str, str]


class Peers:
    """Calls other nodes by their ids. To be used on the event loop that created it.

    A failed call raises PeerFailed, at the latest after IM_RPC_TIMEOUT; a call to an unknown node raises it at once.
    """

    def __init__(self, credential: ClusterCredential, clock: Callable[[], float] = time.monotonic) -> None:
        self._credential = credential
        self._clock = clock
        self._peers: dict[str, Peer] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    # -- nodes ----------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> list[str]:
        return list(self._peers)

    def set_nodes(self, nodes: Mapping[str, str], joined: Collection[str] = ()) -> None:
        """Set the other nodes, by id to address. Drops nodes that are missing or have a new address, with their pushes.

        Nodes in `joined` are processes that have just started: their old circuit breaker and queue are dropped too.
        """
        for node, peer in list(self._peers.items()):
            if nodes.get(node) != peer.address or node in joined:
                self._stop_peer(self._peers.pop(node))
        for node, address in nodes.items():
            if node not in self._peers:
                self._peers[node] = Peer(node, address, self._credential, self._clock)

    def is_circuit_open(self, node: str) -> bool:
        """Return whether calls to the node are suspended after failures, except for an occasional probe."""
        return node in self._peers and self._peers[node].breaker.is_open

    async def stop(self) -> None:
        """Drop all nodes and their queued pushes."""
        self.set_nodes({})
        await asyncio.gather(*self._stopping, return_exceptions=True)

    def _stop_peer(self, peer: Peer) -> None:
        task = asyncio.create_task(peer.stop(), name=f"stop of peer {peer.node}")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    # -- pushes ---------------------------------------------------------------------------------------------------

    async def push(self, node: str, entries: Sequence[Entry]) -> None:
        """Queue the events for the node; return at once and never fail. They arrive in order, or not at all."""
        if (peer := self._peers.get(node)) is None:
            _DROPPED_FOR_UNKNOWN_NODES.inc(len(entries))
        else:
            peer.push(map(encode_entry, entries))

    # -- queries --------------------------------------------------------------------------------------------------

    async def filter_online(self, node: str, user_ids: Sequence[int], app: int | None = None) -> set[int]:
        """Return those of the users who are connected to the node, on `app` or on any app."""
        found: set[int] = set()
        for start in range(0, len(user_ids), USERS_PER_REQUEST):
            request = deliver_pb2.FilterOnlineRequest(user_ids=user_ids[start : start + USERS_PER_REQUEST], app=app)
            reply: deliver_pb2.FilterOnlineReply = await self._call(node, "FilterOnline", request)
            found.update(reply.user_ids)
        return found

    async def list_online(self, node: str, app: int, *, after: int = 0, limit: int = 0) -> tuple[dict[int, str], bool]:
        """Return the names of a page of users connected to the node on `app`, by id, and whether there are more."""
        request = deliver_pb2.ListOnlineRequest(app=app, after=after, limit=limit)
        reply: deliver_pb2.ListOnlineReply = await self._call(node, "ListOnline", request)
        return {user.id: user.name for user in reply.users}, reply.has_more

    async def close_connections(self, node: str, *, user_id: int | None = None, credential: str | None = None) -> int:
        """Close connections to the node with 4001: of a user, of a credential, or of both together; return how many."""
        request = deliver_pb2.CloseRequest(user_id=user_id, credential=credential)
        reply: deliver_pb2.CloseReply = await self._call(node, "Close", request)
        return reply.closed

    async def state(self, node: str, *, addresses: bool = False) -> NodeState:
        """Return the state of the node, with the addresses of its connections if requested."""
        reply: deliver_pb2.StateReply = await self._call(node, "State", deliver_pb2.StateRequest(addresses=addresses))
        return NodeState(
            reply.node,
            reply.started,
            reply.connections,
            reply.logged_in,
            reply.watermark,
            reply.logging_in,
            tuple(reply.addresses),
        )

    async def poll(
        self, node: str, action: str, connection: str, owner: str, body: bytes, *, wait_seconds: float
    ) -> tuple[int, bytes]:
        """Return status and body of the node's answer to an HTTP call of a polling client; status 0: it knows none."""
        request = deliver_pb2.PollRequest(action=action, connection=connection, owner=owner, body=body)
        reply: deliver_pb2.PollReply = await self._call(node, "Poll", request, wait_seconds)
        return reply.status, reply.body

    async def _call(self, node: str, method: str, request: Any, wait_seconds: float = 0) -> Any:
        peer = self._peers.get(node)
        if peer is None:
            GRPC_CALLS.labels(method, "unknown").inc()
            raise PeerFailed(node, method, "unknown")
        return await peer.call(method, request, repeatable=True, wait_seconds=wait_seconds)

    async def call_all(self, call: Callable[[str], Awaitable[T]]) -> NodeReplies[T]:
        """Make the call to all nodes at once, for example `lambda node: peers.state(node)`."""
        nodes = self.nodes

        async def reply_of(node: str) -> T | PeerFailed:
            try:
                return await call(node)
            except PeerFailed as failure:
                return failure

        replies: NodeReplies[T] = NodeReplies({}, {})
        for node, reply in zip(nodes, await asyncio.gather(*map(reply_of, nodes)), strict=True):
            if isinstance(reply, PeerFailed):
                replies.failed[node] = reply.reason
            else:
                replies.results[node] = reply
        return replies
