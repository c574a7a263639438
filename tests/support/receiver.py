"""A webhook receiver: an HTTP server on loopback that can be down, failing, slow, or redirecting."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from imsite.client import webhooks
from tests.support.ports import free_port


class Receiver:
    """Records and answers requests. A context manager. `events` are those answered with 2xx, in order of arrival."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        """If given, requests that are not signed with it are answered with 400."""
        self.status = 204
        self.location = ""
        """The target of a redirect; if given, all requests are redirected."""
        self.refused: dict[str, int] = {}
        """Status by message text: a request that contains such a message is answered with it."""
        self.most = 1000
        """Maximum of events in a request; a larger request is answered with 413."""
        self.unanswered: set[bytes] = set()
        """Texts: a request that holds one is never answered."""
        self._ended = threading.Event()
        self.answering = threading.Event()
        """While cleared, requests are read and not answered."""
        self.answering.set()
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        """Path, headers and body of every request."""
        self.events: list[dict[str, Any]] = []
        self.most_at_once = 0
        """The most requests that were in progress at a time."""
        self._in_hand = 0
        self._counting = threading.Lock()
        self.port = free_port()
        self.tls: ssl.SSLContext | None = None
        """TLS context; if set before `start`, the server accepts TLS only."""
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?key=our-own-secret"

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def do_GET(self) -> None:
                receiver.take(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop the server: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def down(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        headers = dict(request.headers.items())
        self.requests.append((request.path, headers, body))
        with self._counting:
            self._in_hand += 1
            self.most_at_once = max(self.most_at_once, self._in_hand)
        try:
            self.answering.wait()
            if any(text in body for text in self.unanswered):
                self._ended.wait()
            self._answer(request, headers, body)
        finally:
            with self._counting:
                self._in_hand -= 1

    def _answer(self, request: BaseHTTPRequestHandler, headers: dict[str, str], body: bytes) -> None:
        status = self.status
        if self.secret:
            try:
                webhooks.events(self.secret, headers, body)
            except webhooks.InvalidSignature:
                status = 400
        told = json.loads(body)["events"]
        if len(told) > self.most:
            status = 413
        status = next((self.refused[said] for one in told if (said := one["data"].get("msg")) in self.refused), status)
        if 200 <= status < 300:
            self.events += told
        try:
            request.send_response(status)
            if self.location:
                request.send_header("Location", self.location)
            request.send_header("Content-Length", "0")
            request.end_headers()
        except OSError:
            """The client has disconnected."""

    def positions(self, *names: str) -> list[int]:
        """Return the positions of accepted events, of these names or of all."""
        return [event["position"] for event in self.events if event["event"] in names or not names]

    def texts(self) -> list[str]:
        """Return the texts of accepted messages, in order of arrival."""
        return [event["data"]["msg"] for event in self.events if event["event"] == "message.sent"]

    def __enter__(self) -> Receiver:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answering.set()
        self._ended.set()
        self.stop()
