"""`serve --workers N`: N processes on one port, each a node. The nth worker also listens alone on PORT + n."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys

from django.conf import settings
from django.core.management.base import CommandError

from imsite.server.supervisor import ProcessSpec, Supervisor, Write

LISTEN_BACKLOG = 2048


def run_workers(host: str, port: int, count: int, *, write: Write) -> int:
    """Run `count` worker processes until a signal arrives. Returns the exit code.

    `write` prints a line for the operator. Raises CommandError if a port is taken.
    """
    with contextlib.ExitStack() as stack:
        # All workers accept from one socket, so a connection in its queue goes to whichever is free.
        shared = stack.enter_context(listening_socket(host, port))
        workers = []
        for number in range(1, count + 1):
            # Addresses one worker, for its metrics, health and profile.
            own = stack.enter_context(listening_socket(host, port + number))
            workers.append(_worker(number, host, (shared.fileno(), own.fileno())))
        return asyncio.run(_supervise(workers, write))


async def _supervise(workers: list[ProcessSpec], write: Write) -> int:
    return await Supervisor([workers], write).run()


def _worker(number: int, host: str, fds: tuple[int, ...]) -> ProcessSpec:
    fd_arguments = [argument for fd in fds for argument in ("--fd", str(fd))]
    environment = {}
    if settings.IM_NODE_ID:
        environment["IM_NODE_ID"] = f"{settings.IM_NODE_ID}-{number}"
    if settings.IM_GRPC_PORT:
        environment["IM_GRPC_PORT"] = str(settings.IM_GRPC_PORT + number - 1)
    return ProcessSpec(
        name=f"Worker {number}",
        command=(sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", "--host", host, *fd_arguments),
        environment=environment,
        fds=fds,
        stop_seconds=settings.IM_DRAIN_TIMEOUT,
    )


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket that child processes can inherit. Raises CommandError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        listener.close()
        raise CommandError(f"Port {port} of {host}: {error.strerror}.") from error
    listener.set_inheritable(True)
    return listener
