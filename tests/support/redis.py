"""A private Redis server on a free loopback port. It can be killed, frozen and restarted, and is then empty."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType

from imsite.cluster import redis_server
from tests.support.ports import free_port
from tests.support.processes import Process


class RedisServer(Process):
    """A context manager that starts and stops the server. Port and password stay the same, data is never kept."""

    def __init__(self, directory: Path) -> None:
        super().__init__("Redis", free_port(), directory / "redis.out")
        self._password = secrets.token_hex(8)
        self._directory = directory

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        binary = redis_server.find_binary()
        assert binary, "there is no Redis on this machine"
        self._directory.mkdir(parents=True, exist_ok=True)
        log = self._directory / "redis.log"
        configuration = redis_server.config_text(port=self.port, password=self._password, log_file=log)
        self.launch([binary, "-"], configuration.encode())

    def restart(self) -> None:
        """Restart the server, without data."""
        if self.running:
            self.kill()
        self.start()

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            self.kill()
