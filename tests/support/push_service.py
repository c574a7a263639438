"""A push service on loopback (RFC 8030), which checks VAPID tokens (RFC 8292) and decrypts payloads (RFC 8291)."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class PushBrowser:
    """A browser that has subscribed: the URL of its push service and its keys."""

    url: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def p256dh(self) -> str:
        return base64url(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def as_json(self) -> dict[str, Any]:
        """Return what `PushSubscription.toJSON()` gives."""
        return {"endpoint": self.url, "keys": {"p256dh": self.p256dh, "auth": base64url(self.auth)}}

    def decrypt(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


@dataclass(frozen=True)
class PushMessage:
    """A message that the service has accepted or refused. `claims` are those of its verified VAPID token."""

    headers: dict[str, str]
    claims: dict[str, Any]
    public_key: str
    body: bytes


class PushService:
    """Answers the posts of the site. A context manager."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        """Statuses of the next answers; afterwards it is 201."""
        self.retry_after = ""
        self.answering = threading.Event()
        """While cleared, requests are read and not answered; with `silent`, those to its paths only."""
        self.silent: set[str] = set()
        self.answering.set()
        self.messages: dict[str, list[PushMessage]] = {}
        """All messages by path."""
        self.listeners: list[Callable[[str, PushMessage], object]] = []
        """Called with the path and each message, in the thread of its request."""
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def browser(self, name: str) -> PushBrowser:
        return PushBrowser(f"{self.url}/{name}")

    def shown(self, browser: PushBrowser) -> list[Any]:
        """Return the payloads of the messages to this browser."""
        return [browser.decrypt(message.body) for message in self.to(browser)]

    def to(self, browser: PushBrowser) -> list[PushMessage]:
        return self.messages.get(browser.url.removeprefix(self.url), [])

    def __enter__(self) -> PushService:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service._take(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.answering.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        claims, public_key = _verified(request.headers["Authorization"], self.url)
        message = PushMessage(dict(request.headers.items()), claims, public_key, body)
        status = self.statuses.pop(0) if self.statuses else 201
        self.messages.setdefault(request.path, []).append(message)
        for listen in self.listeners:
            listen(request.path, message)
        if not self.silent or request.path in self.silent:
            self.answering.wait()
        request.send_response(status)
        if self.retry_after:
            request.send_header("Retry-After", self.retry_after)
        request.send_header("Content-Length", "0")
        request.end_headers()


def _verified(authorization: str, audience: str) -> tuple[dict[str, Any], str]:
    """Return the claims and the public key of a header `Authorization: vapid …`. Raise if it is not valid."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and set(parts) == {"t", "k"}
    header, claims, signature = parts["t"].split(".")
    raw = from_base64url(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(parts["k"]))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, f"{header}.{claims}".encode(), ec.ECDSA(SHA256()))
    decoded = json.loads(from_base64url(claims))
    assert json.loads(from_base64url(header)) == {"typ": "JWT", "alg": "ES256"}
    assert decoded["aud"] == audience and time.time() < decoded["exp"] <= time.time() + 86_400
    return decoded, parts["k"]
