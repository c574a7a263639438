"""`python -m tests.load.idle_connections` measures what idle connections take and what a handshake costs.

Both WebSocket classes are measured in one run: memory per logged-in connection with the headers of a browser, CPU while
they are idle, and handshakes with one ping each, of a site and of an application that does nothing else.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import django

from tests.load import measurements
from tests.load.pressure.held_connections import HeldConnections, Holding
from tests.load.pressure.scenarios.idle import BROWSER_HEADERS
from tests.support.site import Site

_WARM_UP = 100
"""Connections and handshakes before the measurement, after which caches and buffers are there."""
_TOGETHER = 50
"""Handshakes at a time."""
_IDLE_SECONDS = 30.0
"""Seconds for which CPU is measured, longer than the interval of pings."""
_SETTLE_SECONDS = 5.0
_PING, _PONG = b"\x89\x80\0\0\0\0", b"\x8a\0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--handshakes", type=int, default=2000)
    options = parser.parse_args()
    print(measurements.table(measurements.environment()))
    for name, lean in (("uvicorn's class", "0"), ("lean class", "1")):
        print(f"\n{name}")
        with tempfile.TemporaryDirectory(prefix="imsite-load-") as data:
            site = Site(Path(data), options={"IM_LEAN_WEBSOCKETS": lean})
            site.manage("setup")
            with site:
                # First, because connections that have ended leave memory that others use again.
                _measure_idle(site, options.connections)
                _measure_handshakes("site", site.port, site.pid, options.handshakes)
        with _bare_server(bool(int(lean))) as (port, pid):
            _measure_handshakes("bare application", port, pid, options.handshakes)


def _measure_idle(site: Site, count: int) -> None:
    headers = f"Origin: http://127.0.0.1:{site.port}\r\n{BROWSER_HEADERS}Cookie: csrftoken={'x' * 32}\r\n".encode()

    def connections(number: int, first: int) -> HeldConnections:
        holding = Holding(site.port, "127.0.0.1", number, first, b"no broadcast", 60.0, headers)
        made = HeldConnections(holding, [0] * 5)
        made.open()
        return made

    held = [connections(_WARM_UP, 0)]
    _serve(held, _SETTLE_SECONDS)
    before = measurements.resident_bytes(site.pid)
    held.append(connections(count, _WARM_UP))
    _serve(held, _SETTLE_SECONDS)
    grown = measurements.resident_bytes(site.pid) - before
    print(f"  {count} idle connections            {grown / 1024 / count:.1f} KiB for each")
    cpu = measurements.cpu_seconds(site.pid)
    _serve(held, _IDLE_SECONDS)
    used = measurements.cpu_seconds(site.pid) - cpu
    print(f"  CPU while they are idle          {100 * used / _IDLE_SECONDS:.2f} % of a core")


def _serve(held: list[HeldConnections], seconds: float) -> None:
    """Answer pings for this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for connections in held:
            connections.serve(0.1)


def _measure_handshakes(name: str, port: int, pid: int, count: int) -> None:
    _shake_hands(port, _WARM_UP)
    cpu, began = measurements.cpu_seconds(pid), time.perf_counter()
    _shake_hands(port, count)
    elapsed, used = time.perf_counter() - began, measurements.cpu_seconds(pid) - cpu
    print(f"  handshakes and pings, {name:<16} {count / elapsed:.0f} a second, {used / count * 1e6:.0f} µs of CPU each")


def _shake_hands(port: int, count: int) -> None:
    request = (
        f"GET /acc HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n{BROWSER_HEADERS}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    for _ in range(0, count, _TOGETHER):
        links = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(_TOGETHER)]
        for sent, expected in ((request, b"\r\n\r\n"), (_PING, _PONG)):
            for link in links:
                link.sendall(sent)
            for link in links:
                received = b""
                while not received.endswith(expected):
                    received += link.recv(4096) or _lost(received)
        for link in links:
            link.close()


def _lost(received: bytes) -> bytes:
    raise ConnectionError(received.decode(errors="replace"))


@contextmanager
def _bare_server(lean: bool) -> Iterator[tuple[int, int]]:
    """Run an application without a site in a process of its own; yield its port and the process's id."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve_bare, args=(there, lean))
    process.start()
    there.close()
    try:
        yield here.recv(), process.pid or 0
    finally:
        here.close()
        process.join()


def _serve_bare(parent: Connection, lean: bool) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    # Not at the top: they need Django.
    from imsite.server.runner import LEAN_WEBSOCKETS, UVICORN_WEBSOCKETS
    from tests.support.websocket_server import WebSocketServer

    with WebSocketServer(LEAN_WEBSOCKETS if lean else UVICORN_WEBSOCKETS) as server:
        parent.send(server.port)
        parent.poll(None)


if __name__ == "__main__":
    main()
