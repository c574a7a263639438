"""A Redis Cluster of three masters without replicas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.support.ports import free_port
from tests.support.redis import RedisServer
from tests.support.sentinels import wait_blocking

MASTERS = 3
SLOTS = 16384


@contextmanager
def redis_cluster(directory: Path) -> Iterator[list[RedisServer]]:
    """Start the masters, share the slots among them, and wait until all are joined."""
    with ExitStack() as stack:
        bus_ports = [free_port() for _ in range(MASTERS)]
        servers = [
            RedisServer(
                directory / f"master-{number}",
                "cluster-enabled yes",
                f"cluster-port {bus_port}",
                f"cluster-config-file {directory}/nodes-{number}.conf",
            )
            for number, bus_port in enumerate(bus_ports)
        ]
        clients = []
        for number, server in enumerate(servers):
            stack.enter_context(server)
            client = stack.enter_context(redis.Redis.from_url(server.url, decode_responses=True))
            first, end = number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port, bus_ports[0])
            clients.append(client)
        wait_blocking(lambda: all(map(_is_joined, clients)))
        yield servers


def _is_joined(client: redis.Redis) -> bool:
    info = client.cluster("INFO")
    return (info["cluster_state"], int(info["cluster_known_nodes"])) == ("ok", MASTERS)
