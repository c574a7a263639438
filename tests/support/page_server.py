"""A foreign site on loopback: pages by path, and handlers that answer as strangers do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support.ports import free_port

Handler = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Answer:
    """A response. `headers` replace the content type and length."""

    body: bytes | str = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class PageServer:
    """A context manager. `pages` maps paths to an answer, or to a handler that writes one."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Handler] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of every request."""
        self.ended = threading.Event()
        """Set at the end of the block, for handlers that wait."""
        self.port = free_port()
        server = self

        class Requests(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Requests)
        self._server.daemon_threads = True

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append((request.path, dict(request.headers.items())))
        page = self.pages.get(request.path, Answer(status=404))
        try:
            if not isinstance(page, Answer):
                page(request)
                return
            body = page.body.encode() if isinstance(page.body, str) else page.body
            request.send_response(page.status)
            headers = {"Content-Type": page.content_type, "Content-Length": str(len(body)), **page.headers}
            for name, value in headers.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            """The client has disconnected."""

    def __enter__(self) -> PageServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
