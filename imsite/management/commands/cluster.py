"""`manage.py cluster`: Redis, two nodes and nginx in front, on this machine."""

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
REDIS, GRPC = 3, 3
"""Redis is at PORT + 3, the nth node's gRPC server at PORT + 3 + n."""
POLL = 0.05


class Command(BaseCommand):
    help = "Start Redis (unless REDIS_URL names one), nodes on PORT+1 and PORT+2, and nginx in front of them on PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=read("PORT"))

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        require_migrated()
        # Each stage ends before the one above it: nodes say goodbye through nginx, and sign off at Redis.
        stages: list[list[ProcessSpec]] = []
        where: list[str] = []
        shared = {
            "HOST": HOST,
            "REDIS_URL": settings.REDIS_URL,
            "IM_CLUSTER_SECRET": settings.IM_CLUSTER_SECRET or secrets.token_urlsafe(32),
            "IM_GRPC_HOST": HOST,
            "IM_NODE_ADDRESS": "",
        }
        _require_free(port)
        if settings.REDIS_URL:
            where.append("Redis    as REDIS_URL says")
        else:
            redis, shared["REDIS_URL"] = _redis(port + REDIS)
            stages.append([redis])
            where.append(f"Redis    {HOST}:{port + REDIS} ({Path(redis.command[0]).name})")
        if nginx.binary() is None:
            where.append("nginx    is not installed on this machine; the nodes answer all the same")
        else:
            call_command("collectstatic", interactive=False, verbosity=0)
            stages.append([_nginx(port)])
            shared["IM_TRUSTED_PROXIES"] = HOST
            where.append(f"nginx    http://{HOST}:{port}/ (in front of both)")
        stages.append([_node(number, port, shared) for number in NODES])
        for number in NODES:
            where.append(f"node-{number}   http://{HOST}:{port + number}/ (gRPC at {port + GRPC + number})")
        supervisor = Supervisor(stages, say=self._say)
        sys.exit(asyncio.run(supervisor.run(lambda: self._say("\n".join(["", *where, "", "Ctrl-C ends all of it."])))))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _redis(port: int) -> tuple[ProcessSpec, str]:
    """A Redis of this cluster's own, and its URL."""
    binary = redis_server.binary()
    if binary is None:
        raise CommandError(f"There is no Redis: {redis_server.HOW_TO_GET}.")
    _require_free(port)
    password = secrets.token_urlsafe(24)
    log = settings.DATA_DIR / "redis.log"
    configuration = redis_server.configuration(port=port, password=password, log=log)
    part = ProcessSpec("Redis", (binary, "-"), stdin=configuration.encode(), silent=True, ready=_answers(port))
    return part, f"redis://:{password}@{HOST}:{port}/0"


def _nginx(port: int) -> ProcessSpec:
    command = nginx.write(
        settings.DATA_DIR / "nginx",
        listen=f"{HOST}:{port}",
        nodes=[f"{HOST}:{port + number}" for number in NODES],
        static_root=Path(settings.STATIC_ROOT).parent,
    )
    return ProcessSpec("nginx", command, ready=_answers(port))


def _node(number: int, port: int, shared: dict[str, str]) -> ProcessSpec:
    http, grpc = port + number, port + GRPC + number
    for wanted in (http, grpc):
        _require_free(wanted)
    return ProcessSpec(
        f"node-{number}",
        (sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", "--workers", "1", "-v", "0"),
        environment={
            **shared,
            "PORT": str(http),
            "IM_NODE_ID": f"node-{number}",
            "IM_GRPC_PORT": str(grpc),
            # The parent's directory, whatever it is relative to.
            "IM_DATA_DIR": os.fspath(settings.DATA_DIR),
        },
        ready=_answers(http),
        ending=settings.IM_DRAIN_TIMEOUT,
    )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(f"Port {port} of {HOST}: {error.strerror}. Choose another PORT.") from error


def _answers(port: int) -> Callable[[], Awaitable[None]]:
    """Waits until somebody listens on the port."""

    async def wait() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                return
            await asyncio.sleep(POLL)

    return wait
