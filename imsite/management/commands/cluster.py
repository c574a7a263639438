"""`manage.py cluster`: Redis, two nodes and nginx in front of them, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.cluster import nginx, redis_server
from imsite.database_checks import require_migrated
from imsite.options import read
from imsite.server.supervisor import ProcessSpec, Supervisor

NODES = (1, 2)
HOST = "127.0.0.1"
REDIS_PORT_OFFSET = 3
GRPC_PORT_OFFSET = 3
"""The gRPC port of node n is PORT + GRPC_PORT_OFFSET + n."""
POLL_SECONDS = 0.05


class Command(BaseCommand):
    help = "Start Redis (unless REDIS_URL is set), nodes on PORT+1 and PORT+2, and nginx in front of them on PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=read("PORT"), help="port of nginx (default: PORT)")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        require_migrated()
        # Stages stop in reverse order: nodes close connections through nginx and unregister in Redis.
        stages: list[list[ProcessSpec]] = []
        summary: list[str] = []
        shared_environment = {
            "HOST": HOST,
            "REDIS_URL": settings.REDIS_URL,
            "IM_CLUSTER_SECRET": settings.IM_CLUSTER_SECRET or secrets.token_urlsafe(32),
            "IM_GRPC_HOST": HOST,
            "IM_NODE_ADDRESS": "",
        }
        _require_free(port)
        if settings.REDIS_URL:
            summary.append("Redis    from REDIS_URL")
        else:
            redis, shared_environment["REDIS_URL"] = _redis(port + REDIS_PORT_OFFSET)
            stages.append([redis])
            summary.append(f"Redis    {HOST}:{port + REDIS_PORT_OFFSET} ({Path(redis.command[0]).name})")
        if nginx.find_binary() is None:
            summary.append("nginx    is not installed; use the nodes directly")
        elif "$" in str(settings.DATA_DIR):
            raise CommandError("nginx takes $ in the name of a directory for a variable. Choose another IM_DATA_DIR.")
        else:
            call_command("collectstatic", interactive=False, verbosity=0)
            stages.append([_nginx(port)])
            shared_environment["IM_TRUSTED_PROXIES"] = HOST
            summary.append(f"nginx    http://{HOST}:{port}/ (in front of both nodes)")
        stages.append([_node(number, port, shared_environment) for number in NODES])
        for number in NODES:
            grpc_port = port + GRPC_PORT_OFFSET + number
            summary.append(f"node-{number}   http://{HOST}:{port + number}/ (gRPC at {grpc_port})")
        supervisor = Supervisor(stages, self._write)
        lines = ["", *summary, "", "Press Ctrl-C to stop all processes."]
        sys.exit(asyncio.run(supervisor.run(lambda: self._write("\n".join(lines)))))

    def _write(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _redis(port: int) -> tuple[ProcessSpec, str]:
    """Return a Redis server for this cluster, and its URL."""
    binary = redis_server.find_binary()
    if binary is None:
        raise CommandError(f"Redis is not installed: {redis_server.INSTALL_HINT}.")
    _require_free(port)
    password = secrets.token_urlsafe(24)
    config = redis_server.config_text(port=port, password=password, log_file=settings.DATA_DIR / "redis.log")
    spec = ProcessSpec(
        "Redis", (binary, "-"), stdin=config.encode(), discard_output=True, wait_until_ready=_wait_for_port(port)
    )
    return spec, f"redis://:{password}@{HOST}:{port}/0"


def _nginx(port: int) -> ProcessSpec:
    command = nginx.write_config(
        settings.DATA_DIR / "nginx",
        listen=f"{HOST}:{port}",
        nodes=[f"{HOST}:{port + number}" for number in NODES],
        static_root=Path(settings.STATIC_ROOT).parent,
    )
    return ProcessSpec("nginx", command, wait_until_ready=_wait_for_port(port))


def _node(number: int, port: int, shared_environment: dict[str, str]) -> ProcessSpec:
    http_port, grpc_port = port + number, port + GRPC_PORT_OFFSET + number
    for needed in (http_port, grpc_port):
        _require_free(needed)
    return ProcessSpec(
        f"node-{number}",
        (sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", "--workers", "1", "-v", "0"),
        environment={
            **shared_environment,
            "PORT": str(http_port),
            "IM_NODE_ID": f"node-{number}",
            "IM_GRPC_PORT": str(grpc_port),
            # Absolute, because IM_DATA_DIR may be relative.
            "IM_DATA_DIR": os.fspath(settings.DATA_DIR),
        },
        wait_until_ready=_wait_for_port(http_port),
        stop_seconds=settings.IM_DRAIN_TIMEOUT,
    )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(f"Port {port} of {HOST}: {error.strerror}. Choose another PORT.") from error


def _wait_for_port(port: int) -> Callable[[], Awaitable[None]]:
    """Return a function that waits until a process listens on the port."""

    async def wait() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                return
            await asyncio.sleep(POLL_SECONDS)

    return wait
