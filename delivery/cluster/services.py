"""The services of a node of a cluster besides its hub: registry, presence, gRPC server and peers, relay."""

from __future__ import annotations

import asyncio

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from delivery.cluster.redis_activity import RedisActivity
from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_nodes import RedisNodeRegistry
from delivery.cluster.redis_presence import RedisPresence
from delivery.cluster.redis_token_buckets import RedisTokenBuckets
from delivery.cluster.relay import Relay
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.peers import Peers
from delivery.cluster.rpc.server import AnswerPoll, DeliverServer
from delivery.hub.hub import Hub
from delivery.redis.layer_connections import reconnect_layer


class Cluster:
    """The services of one node, which `start` and `stop` in the right order. They run on the node's event loop.

    `nodes`, `presence`, `token_buckets` and `activity` exist from construction on, `peers` and `relay` after `start`.
    """

    def __init__(self, node: str) -> None:
        self._redis = RedisClient(settings.REDIS_URL)
        self.nodes = RedisNodeRegistry(self._redis, node)
        self.presence = RedisPresence(self._redis, self.nodes)
        self.token_buckets = RedisTokenBuckets(self._redis)
        self.activity = RedisActivity(self._redis, node)
        self._reconnecting: asyncio.Task[None] | None = None
        self._server: DeliverServer | None = None
        self.peers: Peers | None = None
        self.relay: Relay | None = None

    def set_answer_poll(self, answer: AnswerPoll) -> None:
        """See `DeliverServer.set_answer_poll`. The cluster must have started."""
        if self._server is not None:
            self._server.set_answer_poll(answer)

    async def start(self, hub: Hub) -> Relay:
        """Start the gRPC server, join the registry and relay events. Raises ImproperlyConfigured without a secret."""
        credential = ClusterCredential.from_settings()
        layer = get_channel_layer()
        if not settings.IM_CLUSTER_SECRET or layer is None:
            # Certificates authenticate gRPC calls. The secret alone authenticates messages of the channel layer.
            raise ImproperlyConfigured("Several nodes need IM_CLUSTER_SECRET, the same on all of them.")
        host, port = settings.IM_GRPC_HOST, settings.IM_GRPC_PORT
        if ":" in host:  # An IPv6 address.
            host = f"[{host}]"
        self._server = DeliverServer(hub, credential, f"{host}:{port}", node=self.nodes.id)
        await self._server.start()
        self.peers = Peers(credential)
        self.relay = Relay(
            node=self.nodes.id,
            layer=layer,
            secret=settings.IM_CLUSTER_SECRET,
            receiver=hub,
            find_nodes=self.presence.find_nodes,
            push_to_node=self.peers.push,
            refresh_registry=self.nodes.request_refresh,
        )
        hub.audience.on_channel_active = self.relay.groups.join_channel
        hub.audience.on_channel_idle = self.relay.groups.leave_channel
        self.nodes.address = settings.IM_NODE_ADDRESS or f"{host}:{self._server.port}"
        self.nodes.on_change = self._on_nodes_change
        await self.nodes.start()
        await self.presence.start()
        renew_presence = self.nodes.on_new_lease

        def on_new_lease() -> None:
            renew_presence()
            # The groups of the channel layer may be lost for the same reason as the lease.
            if self.relay is not None:
                self.relay.groups.renew()
            # Another server may be the master, and the former one frozen.
            self._reconnecting = asyncio.create_task(reconnect_layer(), name="layer reconnect")

        self.nodes.on_new_lease = on_new_lease
        await self.relay.start()
        return self.relay

    async def stop(self) -> None:
        """Leave the cluster; the other nodes are notified at once."""
        await self.presence.stop()
        await self.nodes.stop()
        if self.relay is not None:
            await self.relay.stop()
        if self.peers is not None:
            await self.peers.stop()
        if self._server is not None:
            await self._server.stop()
        await self._redis.close()

    def _on_nodes_change(self, joined: set[str], left: set[str]) -> None:
        if self.peers is not None:
            others = {info.id: info.address for info in self.nodes.live().values() if info.id != self.nodes.id}
            self.peers.set_nodes(others, joined)
        if self.relay is not None and joined:
            # A node that came back may have come with a Redis that has lost the groups of this node.
            self.relay.groups.renew()
