"""A Redis server with a replica, and three Sentinels, which promote the replica when the server fails."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from imsite.cluster import redis_server
from tests.support.certificates import CertificateAuthority
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.redis import RedisServer, tls_lines
from tests.support.waiting import TIMEOUT_SECONDS

SERVICE = "chat"
DOWN_AFTER_SECONDS = 1.0
"""Seconds without an answer until a Sentinel takes a server for down."""
_CONFIG = """port {port}
bind 127.0.0.1
dir {directory}
requirepass {sentinel_password}
loglevel notice
sentinel monitor {service} 127.0.0.1 {server_port} 2
sentinel auth-pass {service} {password}
sentinel down-after-milliseconds {service} {down_after}
sentinel failover-timeout {service} 6000
"""


class SentinelServer(Process):
    """One Sentinel of a server. It writes into its configuration file."""

    def __init__(
        self, directory: Path, number: int, server: RedisServer, password: str, authority: CertificateAuthority | None
    ) -> None:
        super().__init__(f"Sentinel {number}", free_port(), directory / f"sentinel-{number}.log")
        self._authority = authority
        self._directory = directory
        self._file = directory / f"sentinel-{number}.conf"
        self._server = server
        self.password = password

    def start(self) -> None:
        binary = redis_server.find_binary()
        assert binary, "there is no Redis on this machine"
        text = _CONFIG.format(
            port=self.port,
            directory=self._directory,
            sentinel_password=self.password,
            service=SERVICE,
            server_port=self._server.port,
            password=self._server.password,
            down_after=round(DOWN_AFTER_SECONDS * 1000),
        )
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._authority:
            text += "\n".join((*tls_lines(self._directory, self.port, self._authority), ""))
        self._file.write_text(text)
        self.launch([binary, str(self._file), "--sentinel"])

    def state(self) -> dict[str, object]:
        """Return what it knows of the service."""
        tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(self._directory / "ca.pem")} if self._authority else {}
        with redis.Redis("127.0.0.1", self.port, password=self.password, decode_responses=True, **tls) as client:
            found: dict[str, object] = client.sentinel_master(SERVICE)
        return found

    def knows(self, *, others: int, replicas: int) -> bool:
        """Return whether it has found this many other Sentinels and replicas."""
        state = self.state()
        return (state["num-other-sentinels"], state["num-slaves"]) == (others, replicas)


class SentinelGroup:
    """Server, replica and Sentinels. They have started when all know each other. With an authority, all use TLS."""

    def __init__(self, directory: Path, authority: CertificateAuthority | None = None) -> None:
        password = secrets.token_hex(8)
        directory.mkdir(parents=True, exist_ok=True)
        common = (f"dir {directory}", f"masterauth {password}", "repl-diskless-sync yes", "repl-diskless-sync-delay 0")
        first = RedisServer(directory / "first", *common, password=password, authority=authority)
        replica_of_first = f"replicaof 127.0.0.1 {first.port}"
        second = RedisServer(directory / "second", *common, replica_of_first, password=password, authority=authority)
        self.servers = (first, second)
        self.sentinels = [
            SentinelServer(directory / f"sentinel-{number}", number, first, "of-the-sentinels", authority)
            for number in (1, 2, 3)
        ]
        self._scheme = "rediss" if authority else "redis"

    @property
    def url(self) -> str:
        """Return its URL, with the CA as IM_REDIS_CA adds it."""
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        server = self.servers[0]
        ca = f"&ssl_ca_certs={server.ca}" if self._scheme == "rediss" else ""
        return (
            f"{self._scheme}+sentinel://:{server.password}@{hosts}/{SERVICE}/0"
            f"?sentinel_password={self.sentinels[0].password}{ca}"
        )

    @property
    def master(self) -> RedisServer:
        """Return the server that the Sentinels name."""
        port = next(sentinel for sentinel in self.sentinels if sentinel.running).state()["port"]
        return next(server for server in self.servers if server.port == port)

    def start(self) -> None:
        try:
            for server in self.servers:
                server.start()
            for sentinel in self.sentinels:
                sentinel.start()
            wait_blocking(lambda: all(sentinel.knows(others=2, replicas=1) for sentinel in self.sentinels))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for process in (*self.sentinels, *self.servers):
            if process.running:
                process.kill()

    def fail_over(self) -> float:
        """Kill the master, and return when its replica has been promoted: the seconds between."""
        failed, began = self.master, time.monotonic()
        failed.kill()
        wait_blocking(lambda: self.master is not failed)
        return time.monotonic() - began


def wait_blocking(condition: Callable[[], bool]) -> None:
    """Block until the condition holds. Raises TimeoutError if it never does."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
