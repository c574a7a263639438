"""nginx serves static files with caching, compression and HTTP/2."""

from __future__ import annotations

import gzip
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from imsite.cluster import nginx
from tests.support import machine
from tests.support.certificates import CertificateAuthority
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.waiting import TIMEOUT_SECONDS

VERSION = "v-0123456789abcdef"
STYLE = "a { color: red }\n" * 200

pytestmark = pytest.mark.skipif("nginx" in machine.missing(), reason="nginx is missing on this machine")


class Front:
    """nginx with deploy/nginx.conf, over a directory of collected files and without a node."""

    def __init__(self, directory: Path, *, extra: str = "", protocols: str = "") -> None:
        self.port = free_port()
        for place in ("static/css", f"static/{VERSION}/css"):
            (directory / place).mkdir(parents=True)
            (directory / place / "base.css").write_text(STYLE)
        command = nginx.write_config(
            directory / "nginx",
            listen=f"127.0.0.1:{self.port}{protocols}",
            nodes=[f"127.0.0.1:{free_port()}"],
            static_root=directory,
        )
        main = directory / "nginx" / "nginx.conf"
        main.write_text(main.read_text().replace("http {", f"http {{\n{extra}", 1))
        self.process = Process("nginx", self.port, directory / "nginx.log")
        self.process.launch(command)

    def get(self, path: str, **headers: str) -> tuple[Message, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.headers, answer.read()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    running = Front(tmp_path)
    yield running
    running.process.stop()


def test_only_urls_with_a_version_are_cached_forever(front: Front) -> None:
    kept, _ = front.get(f"/static/{VERSION}/css/base.css")
    asked_for_anew, _ = front.get("/static/css/base.css")

    assert "immutable" in kept["Cache-Control"]
    assert asked_for_anew["Cache-Control"] == "no-cache"
    assert kept["X-Content-Type-Options"] == asked_for_anew["X-Content-Type-Options"] == "nosniff"


def test_text_is_compressed_for_clients_that_accept_it(front: Front) -> None:
    plain, text = front.get(f"/static/{VERSION}/css/base.css")
    headers, packed = front.get(f"/static/{VERSION}/css/base.css", **{"Accept-Encoding": "gzip, br"})

    assert text.decode() == STYLE and "Content-Encoding" not in plain
    assert headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in headers["Vary"]
    assert gzip.decompress(packed).decode() == STYLE and len(packed) < len(text) / 10


def test_a_file_that_is_stored_compressed_is_sent_as_it_is(front: Front, tmp_path: Path) -> None:
    stored = gzip.compress(b"a { color: green }")
    (tmp_path / "static" / VERSION / "css" / "base.css.gz").write_bytes(stored)

    headers, packed = front.get(f"/static/{VERSION}/css/base.css", **{"Accept-Encoding": "gzip"})
    _, plain = front.get(f"/static/{VERSION}/css/base.css")

    assert packed == stored and headers["Content-Encoding"] == "gzip" and headers["Content-Type"] == "text/css"
    assert "immutable" in headers["Cache-Control"] and plain.decode() == STYLE


def test_http2_is_served_over_tls(tmp_path: Path) -> None:
    """HTTP/2 is enabled as the head of the file describes."""
    certificate, key = CertificateAuthority().issue()
    (tmp_path / "node.crt").write_bytes(certificate)
    (tmp_path / "node.key").write_bytes(key)
    certificates = f"ssl_certificate {tmp_path}/node.crt;\nssl_certificate_key {tmp_path}/node.key;\n"
    running = Front(tmp_path, extra=certificates, protocols=" ssl http2")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with socket.create_connection(("127.0.0.1", running.port), 10) as line, context.wrap_socket(line) as secured:
            assert secured.selected_alpn_protocol() == "h2"
    finally:
        running.process.stop()
