"""What a node of a cluster has beside its hub: a lease, everybody's presence, a service, peers, the relay."""

from __future__ import annotations

from channels.layers import get_channel_layer
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_nodes import RedisNodes
from delivery.cluster.redis_presence import RedisPresence
from delivery.cluster.redis_token_buckets import RedisTokenBuckets
from delivery.cluster.relay import Relay
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.peers import Peers
from delivery.cluster.rpc.server import DeliverServer
from delivery.hub.hub import Hub


class Cluster:
    """The parts of one node, in the order in which they start and end. All of them on the node's event loop.

    `nodes`, `presence` and `token_buckets` are there from the beginning, `peers` and `relay` once it has started.
    """

    def __init__(self, node: str) -> None:
        self._link = RedisClient(settings.REDIS_URL)
        self.nodes = RedisNodes(self._link, node)
        self.presence = RedisPresence(self._link, self.nodes)
        self.token_buckets = RedisTokenBuckets(self._link)
        self._server: DeliverServer | None = None
        self.peers: Peers | None = None
        self.relay: Relay | None = None

    async def start(self, hub: Hub) -> Relay:
        """Listen, register, follow the others. Raises ImproperlyConfigured where the cluster's secret is missing."""
        credential = ClusterCredential.from_settings()
        layer = get_channel_layer()
        if not settings.IM_CLUSTER_SECRET or layer is None:
            # Certificates prove who calls; what comes over the layer is proven by the secret alone.
            raise ImproperlyConfigured("Several nodes need IM_CLUSTER_SECRET, the same on all of them.")
        host, port = settings.IM_GRPC_HOST, settings.IM_GRPC_PORT
        self._server = DeliverServer(hub, credential, f"{host}:{port}", node=self.nodes.id)
        await self._server.start()
        self.peers = Peers(credential)
        self.relay = Relay(
            node=self.nodes.id,
            layer=layer,
            secret=settings.IM_CLUSTER_SECRET,
            receiver=hub,
            find=self.presence.nodes_of,
            push=self.peers.push,
            look=self.nodes.request_refresh,
        )
        hub.audience.on_channel_active, hub.audience.on_leave = self.relay.serve, self.relay.leave
        self.nodes.address = settings.IM_NODE_ADDRESS or f"{host}:{self._server.port}"
        self.nodes.changed = self._changed
        await self.nodes.start()
        await self.presence.start()
        tell_presence = self.nodes.on_lease

        def renewed() -> None:
            tell_presence()
            # What made the lease void may have cost Redis the groups of the queue layer too.
            if self.relay is not None:
                self.relay.renew()

        self.nodes.on_lease = renewed
        await self.relay.start()
        return self.relay

    async def stop(self) -> None:
        """Depart: the others know at once."""
        await self.presence.stop()
        await self.nodes.stop()
        if self.relay is not None:
            await self.relay.stop()
        if self.peers is not None:
            await self.peers.stop()
        if self._server is not None:
            await self._server.stop()
        await self._link.close()

    def _changed(self, joined: set[str], left: set[str]) -> None:
        if self.peers is not None:
            others = {info.id: info.address for info in self.nodes.live().values() if info.id != self.nodes.id}
            self.peers.set_nodes(others, joined)
        if self.relay is not None and joined:
            # Whoever came back may have come with a Redis that had forgotten us.
            self.relay.renew()
