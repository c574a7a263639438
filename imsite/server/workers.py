"""`serve --workers N`: N processes on one port, each a node of its own. The nth also answers alone, on PORT + n."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

from django.conf import settings
from django.core.management.base import CommandError

from imsite.server.supervisor import ProcessSpec, Say, Supervisor


def run_workers(host: str, port: int, count: int, *, say: Say) -> int:
    """Serve until a signal comes; returns an exit code. Raises CommandError for a port that is taken."""
    with contextlib.ExitStack() as stack:
        # One socket that all accept from: what a worker leaves in its queue, another takes.
        shared = stack.enter_context(listen(host, port))
        parts = []
        for number in range(1, count + 1):
            # To ask this very worker for its metrics, its health, its profile.
            own = stack.enter_context(listen(host, port + number))
            parts.append(_worker(number, host, port, (shared.fileno(), own.fileno())))
        return asyncio.run(_supervise(parts, say))


async def _supervise(parts: list[ProcessSpec], say: Say) -> int:
    return await Supervisor([parts], say).run()


def _worker(number: int, host: str, port: int, fds: tuple[int, ...]) -> ProcessSpec:
    arguments = [part for fd in fds for part in ("--fd", str(fd))]
    environment = {}
    if settings.IM_NODE_ID:
        environment["IM_NODE_ID"] = f"{settings.IM_NODE_ID}-{number}"
    if settings.IM_GRPC_PORT:
        environment["IM_GRPC_PORT"] = str(settings.IM_GRPC_PORT + number - 1)
    return ProcessSpec(
        name=f"Worker {number}",
        command=(sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", "--host", host, *arguments),
        environment=environment,
        fds=fds,
        ending=settings.IM_DRAIN_TIMEOUT,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)
    except OSError as error:
        made.close()
        raise CommandError(f"Port {port} of {host}: {error.strerror}.") from error
    made.set_inheritable(True)
    return made
