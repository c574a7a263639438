"""Configures and runs uvicorn, and drains the node when the server shuts down."""

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
from types import FrameType

import uvicorn
from django.conf import settings
from uvicorn.config import STARTUP_FAILURE

from chat.node.lifecycle import drain_node
from imsite.server.garbage_collection import limit_collections
from imsite.server.local_url import UNIX_PREFIX, local_url
from imsite.server.preload import preload

logger = logging.getLogger(__name__)

LEAN_WEBSOCKETS = "imsite.server.lean_websocket:LeanWebSocketProtocol"
UVICORN_WEBSOCKETS = "imsite.server.websocket:WebSocketProtocol"
DRAIN_SHARE = 0.5
"""Share of IM_DRAIN_TIMEOUT for closing WebSocket connections."""
SWITCH_INTERVAL_SECONDS = 0.0005
"""Seconds after which a thread that computes lets another one go on.

With Python's 5 ms, the event loop waits as long after each callback while a thread of the database computes, and a
commit at each statement while the loop is busy.
"""
OPEN_REQUESTS_SHARE = 0.25
"""Share of IM_DRAIN_TIMEOUT for finishing HTTP requests after that. The rest is for stopping the node."""


def run(host: str, port: int, *, sockets: Sequence[socket.socket] = (), quiet: bool = False) -> None:
    """Serve until a signal arrives, on listening `sockets` if given, otherwise on host and port."""
    # whitenoise reads static files synchronously. The files are small, and in production nginx serves them.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    preload()
    limit_collections()
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    server = Server(uvicorn_config(host, port))
    server.quiet = quiet
    with contextlib.suppress(KeyboardInterrupt):
        server.run(list(sockets) or None)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def uvicorn_config(host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration for the site. A host `unix:<path>` is a Unix socket."""
    is_unix = host.startswith(UNIX_PREFIX)
    return uvicorn.Config(
        "imsite.asgi:application",
        host=host,
        port=port,
        uds=host.removeprefix(UNIX_PREFIX) if is_unix else None,
        loop="uvloop",
        http="imsite.server.http:HttpProtocol",
        ws=LEAN_WEBSOCKETS if settings.IM_LEAN_WEBSOCKETS else UVICORN_WEBSOCKETS,
        ws_max_size=settings.IM_MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.IM_PING_INTERVAL,
        ws_ping_timeout=settings.IM_PING_INTERVAL,
        lifespan="on",
        # imsite.asgi reads them, under every server.
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.IM_DRAIN_TIMEOUT * OPEN_REQUESTS_SHARE)),
        server_header=False,
        access_log=False,
        # Its own handlers would bypass the site's log format and throttle.
        log_config=None,
        log_level="warning",
    )


class Server(uvicorn.Server):
    """A uvicorn server that drains its connections before it exits, within IM_DRAIN_TIMEOUT seconds.

    uvicorn would close all connections at once and leave requests without replies.
    """

    quiet = False
    """True to leave out the line with the site's URL, because the parent process prints it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exit_requested = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait for the exit, and renew the date header every second. uvicorn's own wakes ten times a second."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._exit_requested.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._exit_requested.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle uvicorn's signals and SIGHUP, so that closing the terminal stops the site. nohup ignores SIGHUP."""
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
            sys.stderr.write(f"imsite is on {local_url(self.config.host, self.config.port)} (Ctrl-C ends it)\n")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        watchdog = threading.Timer(settings.IM_DRAIN_TIMEOUT, _exit_by_force)
        # A thread that waits for the database cannot be stopped and would keep the process alive.
        watchdog.daemon = True
        watchdog.start()
        if sockets:
            # The other workers accept new connections on the shared socket. A single server answers them 503.
            for server in self.servers:
                server.close()
        drain = asyncio.create_task(drain_node(settings.IM_DRAIN_TIMEOUT * DRAIN_SHARE))
        while not drain.done() and not self.force_exit:
            await asyncio.wait((drain,), timeout=0.1)
        drain.cancel()
        await super().shutdown(sockets)


def _exit_by_force() -> None:
    logger.error("shutdown_timed_out")
    os._exit(1)
