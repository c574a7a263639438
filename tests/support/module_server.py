"""Serves the page's modules to a browser, without a site."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, BinaryIO

from tests.support.commands import ROOT

_EMPTY_PAGE = b"<!doctype html><html lang=en><body></body></html>"


class _Handler(SimpleHTTPRequestHandler):
    """Answers `/` with an empty page, and `/static/…` with the files, which a browser context loads once."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(ROOT))

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        if self.path.startswith("/static/"):
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_EMPTY_PAGE)))
        self.end_headers()
        return io.BytesIO(_EMPTY_PAGE)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def running_module_server() -> Iterator[str]:
    """Run the server in a thread; yield its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
