"""A service that answers slash commands, and commands that call it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from accounts.models import User
from chat.models import Channel, SlashCommand
from chat.slash.actions import slash_command_create
from tests.support.waiting import wait_until


class SlashService:
    """An HTTP server on loopback that records calls and answers each with `answer`. A context manager."""

    def __init__(self) -> None:
        self.answer = b""
        self.status = 200
        self.location = ""
        """The target of a redirect, if given."""
        self.calls: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        """Headers and body of each request."""
        self.answering = threading.Event()
        """While cleared, requests are read and not answered."""
        self.answering.set()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append((dict(self.headers.items()), body))
                service.calls.append(json.loads(body))
                service.answering.wait()
                try:
                    self.send_response(service.status)
                    if service.location:
                        self.send_header("Location", service.location)
                    self.send_header("Content-Length", str(len(service.answer)))
                    self.end_headers()
                    self.wfile.write(service.answer)
                except OSError:
                    """The site has given up."""

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/slash"

    async def called(self) -> None:
        """Wait until the service has been called."""
        await wait_until(lambda: bool(self.calls))

    def says(self, type: str, text: str) -> None:
        """Answer like this from now on."""
        self.answer = json.dumps({"type": type, "text": text}).encode()

    def __enter__(self) -> SlashService:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()


def make_command(
    creator: User, url: str, *, name: str = "deploy", channel: Channel | None = None, **fields: Any
) -> SlashCommand:
    """Register a command for the whole site, or for one channel."""
    command, _ = slash_command_create(
        creator=creator,
        name=name,
        description="Deploy a branch.",
        hint="<branch>",
        url=url,
        channel_id=None if channel is None else channel.pk,
        **fields,
    )
    return command
