"""Several nodes over one database, with their Redis and optionally nginx in front. Nodes can be killed and frozen.

`cluster.nodes[0].acc` is the URL of a node for clients, `cluster.acc` that of nginx.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from imsite.cluster import nginx
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.redis import RedisServer
from tests.support.site import Site


class Node(Site):
    """One node's process: a Site that can also be frozen and thawed."""

    def __init__(self, name: str, data: Path, *, database_url: str, options: Mapping[str, str]) -> None:
        self.grpc_port = free_port()
        own = {"IM_NODE_ID": name, "IM_GRPC_PORT": str(self.grpc_port)}
        super().__init__(data, database_url=database_url, options={**options, **own})
        self.name = name
        self.log = data / f"{name}.log"

    def freeze(self) -> None:
        """Send SIGSTOP: the process stops, but its connections, locks and transactions stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Send SIGCONT. Does nothing to a node that is not frozen."""
        os.kill(self.pid, signal.SIGCONT)


class Front(Process):
    """nginx with deploy/nginx.conf."""

    def __init__(self, directory: Path) -> None:
        super().__init__("nginx", free_port(), directory / "nginx.log")
        self._directory = directory

    def start(self, nodes: list[Node], static_root: Path) -> None:
        addresses = [f"127.0.0.1:{node.port}" for node in nodes]
        listen = f"127.0.0.1:{self.port}"
        self.launch(nginx.write_config(self._directory, listen=listen, nodes=addresses, static_root=static_root))


class Cluster:
    """`count` nodes over one data directory, or over the database at `database_url`. A context manager."""

    def __init__(
        self,
        data: Path,
        *,
        count: int = 2,
        front: bool = False,
        database_url: str = "",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.redis = RedisServer(data / "redis")
        shared = {
            "REDIS_URL": self.redis.url,
            "IM_CLUSTER_SECRET": secrets.token_hex(16),
            "IM_TRUSTED_PROXIES": "127.0.0.1" if front else "",
            **(options or {}),
        }
        self.nodes = [
            Node(f"node-{number}", data, database_url=database_url, options=shared) for number in range(1, count + 1)
        ]
        self.front = Front(data / "nginx") if front else None

    @property
    def url(self) -> str:
        """Return the URL of nginx."""
        assert self.front, "this cluster has no nginx"
        return f"http://127.0.0.1:{self.front.port}"

    @property
    def acc(self) -> str:
        """Return the URL of the JSON protocol through nginx."""
        return f"{self.url.replace('http', 'ws')}/acc"

    def start(self) -> None:
        self.redis.start()
        with ThreadPoolExecutor(len(self.nodes)) as threads:
            list(threads.map(Node.start, self.nodes))
        if self.front is not None:
            self.front.start(self.nodes, self.data)

    def stop(self) -> None:
        """Stop all processes that still run, frozen ones included."""
        with contextlib.ExitStack() as stack:
            if self.redis.running:
                stack.callback(self.redis.kill)
            if self.front is not None and self.front.running:
                stack.callback(self.front.stop)
            for node in self.nodes:
                if node.process is not None:
                    node.thaw()
                    stack.callback(node.stop)

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
