"""`serve --workers N`: N processes on one port, each a node. The nth worker also listens alone on PORT + n.

On Linux the supervisor imports the application once and forks the workers, which share its memory. A worker that has
died is forked again. Elsewhere each worker is a program of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from imsite.server import runner
from imsite.server.forked_process import IS_SUPPORTED as CAN_FORK
from imsite.server.preload import preload
from imsite.server.supervisor import ProcessSpec, Supervisor, Write

LISTEN_BACKLOG = 2048


def run_workers(host: str, port: int, count: int, *, write: Write) -> int:
    """Run `count` worker processes until a signal arrives. Returns the exit code.

    `write` prints a line for the operator. Raises CommandError if a port is taken.
    """
    with contextlib.ExitStack() as stack:
        # All workers accept from one socket, so a connection in its queue goes to whichever is free.
        shared = stack.enter_context(listening_socket(host, port))
        # Each addresses one worker, for its metrics, health and profile.
        own = [stack.enter_context(listening_socket(host, port + number)) for number in range(1, count + 1)]
        if CAN_FORK:
            preload()
            if connection.vendor == "postgresql":
                # The checks before the start have opened it. It has threads, which no fork inherits.
                connection.close_pool()  # type: ignore[attr-defined]
            workers = [_forked_worker(number, host, port, shared, own) for number in range(1, count + 1)]
        else:
            workers = [
                _spawned_worker(number, host, (shared.fileno(), listener.fileno()))
                for number, listener in enumerate(own, 1)
            ]
        return asyncio.run(_supervise(workers, write))


async def _supervise(workers: list[ProcessSpec], write: Write) -> int:
    return await Supervisor([workers], write).run()


def _forked_worker(
    number: int, host: str, port: int, shared: socket.socket, own: Sequence[socket.socket]
) -> ProcessSpec:
    return ProcessSpec(
        name=f"Worker {number}",
        target=partial(_serve, number, host, port, shared, own),
        stop_seconds=settings.IM_DRAIN_TIMEOUT,
    )


def _serve(number: int, host: str, port: int, shared: socket.socket, own: Sequence[socket.socket]) -> None:
    """Serve as worker `number`. Runs in the child."""
    for other, listener in enumerate(own, 1):
        if other != number:
            listener.close()
    for name, value in identity(number).items():
        setattr(settings, name, value)
    runner.run(host, port, sockets=[shared, own[number - 1]], quiet=True)


def identity(number: int) -> dict[str, str | int]:
    """Return the settings in which worker `number` differs from the others, by name."""
    identity: dict[str, str | int] = {}
    if settings.IM_NODE_ID:
        identity["IM_NODE_ID"] = f"{settings.IM_NODE_ID}-{number}"
    if settings.IM_GRPC_PORT:
        identity["IM_GRPC_PORT"] = settings.IM_GRPC_PORT + number - 1
    return identity


def _spawned_worker(number: int, host: str, fds: tuple[int, ...]) -> ProcessSpec:
    fd_arguments = [argument for fd in fds for argument in ("--fd", str(fd))]
    return ProcessSpec(
        name=f"Worker {number}",
        command=(sys.executable, str(settings.BASE_DIR / "manage.py"), "serve", "--host", host, *fd_arguments),
        environment={name: str(value) for name, value in identity(number).items()},
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
