"""The site's uvicorn: how it is configured, how it is run, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence

import uvicorn
from django.conf import settings
from uvicorn.config import STARTUP_FAILURE

from chat.node.lifecycle import drain_node

logger = logging.getLogger(__name__)

DRAINING = 0.5
"""Share of IM_DRAIN_TIMEOUT for sending connections away,"""
ENDING = 0.25
"""and for requests that are still under way after that; the rest is for the node itself."""


def run(host: str, port: int, *, sockets: Sequence[socket.socket] = (), quiet: bool = False) -> None:
    """Serve until a signal comes: on `sockets` that listen already, else on host and port."""
    # whitenoise reads static files synchronously. They are few and small, and in production nginx serves them.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    server = Server(configuration(host, port))
    server.quiet = quiet
    with contextlib.suppress(KeyboardInterrupt):
        server.run(list(sockets) or None)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def configuration(host: str, port: int) -> uvicorn.Config:
    """What uvicorn is to serve, and how."""
    return uvicorn.Config(
        "imsite.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http="imsite.server.http:HttpProtocol",
        ws="imsite.server.websocket:WebSocketProtocol",
        ws_max_size=settings.IM_MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.IM_PING_INTERVAL,
        ws_ping_timeout=settings.IM_PING_INTERVAL,
        lifespan="on",
        proxy_headers=bool(settings.IM_TRUSTED_PROXIES),
        forwarded_allow_ips=settings.IM_TRUSTED_PROXIES or None,
        timeout_graceful_shutdown=max(1, round(settings.IM_DRAIN_TIMEOUT * ENDING)),
        server_header=False,
        access_log=False,
        log_level="warning",
    )


class Server(uvicorn.Server):
    """A server that lets go of its connections before it ends, and has ended within IM_DRAIN_TIMEOUT.

    uvicorn would cut all connections at once, with what they had asked unanswered.
    """

    quiet = False
    """Whether somebody else says where the site is."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's, and SIGHUP: a terminal that is closed ends the site like Ctrl-C. Under nohup it is ignored."""
        with super().capture_signals():
            hang_up = signal.getsignal(signal.SIGHUP)
            if hang_up is signal.SIG_DFL:
                signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, hang_up)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.quiet:
            host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
            sys.stderr.write(f"imsite is on http://{host}:{self.config.port}/ (Ctrl-C ends it)\n")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        limit = settings.IM_DRAIN_TIMEOUT
        watchdog = threading.Timer(limit, _end_by_force)
        # A thread that waits for the database cannot be ended, and the process would wait for it.
        watchdog.daemon = True
        watchdog.start()
        if sockets:
            # The other workers listen on as well and take who comes now; a lone server answers 503.
            for server in self.servers:
                server.close()
        draining = asyncio.create_task(drain_node(limit * DRAINING))
        while not draining.done() and not self.force_exit:
            await asyncio.wait((draining,), timeout=0.1)
        draining.cancel()
        await super().shutdown(sockets)


def _end_by_force() -> None:
    logger.error("Not everything that was under way has come to an end in time; ending without it.")
    os._exit(1)
