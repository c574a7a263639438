"""deploy/compose starts a working site: its commands, settings and layout, without containers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.cluster.conftest import ClusterFactory
from tests.support.compose import HOST_NAME, Compose
from tests.support.monitoring import get
from tests.support.ports import free_port, free_ports
from tests.support.processes import Process
from tests.support.redis import RedisServer
from tests.support.run_directory import run_directory
from tests.support.waiting import TIMEOUT_SECONDS

_WORKERS = 2
_MAIN = """
daemon off;
pid nginx.pid;
error_log stderr error;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{site}
}}
"""


@contextmanager
def _served(compose: Compose, environment: dict[str, str], log: Path) -> Iterator[str]:
    """Run the image's command; return the node's URL when the image's health check would succeed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["python", "manage.py", "serve"], cwd=compose.image, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{environment['PORT']}"
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        while not _is_ready(url):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return get(f"{url}/readyz").status == 200
    except OSError:
        return False


@pytest.fixture
def address(cluster_factory: ClusterFactory, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Set the site up and start it as compose.yaml does; yield the port of TLS and the certificate."""
    compose = Compose(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    (data / "bundles").symlink_to(run_directory() / "bundles")
    database_url = cluster_factory(count=1).nodes[0].database_url
    with RedisServer(tmp_path / "redis") as redis:
        compose.set_secret("database_url", database_url)
        compose.set_secret("redis_url", redis.url)
        changes = {
            "IM_DATA_DIR": str(data),
            "HOST": "127.0.0.1",
            "PORT": str(free_ports(1 + _WORKERS)),
            "IM_WORKERS": str(_WORKERS),
            "IM_TRUSTED_PROXIES": "127.0.0.1",
        }
        environment = compose.environment("site", changes)
        setup = compose.services["setup"]["entrypoint"]
        subprocess.run(setup, cwd=compose.image, env=environment, check=True, capture_output=True)
        with _served(compose, environment, tmp_path / "site.log"):
            front = Process("nginx", free_port(), tmp_path / "nginx.log")
            node, listen = f"127.0.0.1:{environment['PORT']}", f"127.0.0.1:{front.port}"
            site = compose.nginx_config(address=node, listen=listen, root=data)
            user = "user root;" if os.geteuid() == 0 else ""
            (tmp_path / "nginx.conf").write_text(_MAIN.format(user=user, site=site))
            front.launch(["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
            yield front.port, compose.place / "secrets/tls/fullchain.pem"
            # Its master ends the workers.
            front.stop()


@pytest.mark.postgres
async def test_the_site_of_compose_is_reached_by_tls(address: tuple[int, Path]) -> None:
    """The certificate of `prepare` is valid for the host name, and a page of this origin may connect."""
    port, certificate = address
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with connect(
        f"wss://{HOST_NAME}:{port}/acc",
        origin=Origin(f"https://{HOST_NAME}:{port}"),
        host="127.0.0.1",
        port=port,
        ssl=trusted,
        server_hostname=HOST_NAME,
        proxy=None,
    ) as socket:
        await socket.send(json.dumps({"seq": "1", "cmd": "login", "data": {"appId": 101, "userId": "Alice"}}))
        reply = json.loads(await socket.recv())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=HOST_NAME)
    writer.write(f"GET / HTTP/1.1\r\nHost: {HOST_NAME}:{port}\r\nConnection: close\r\n\r\n".encode())
    page = (await reader.read()).decode()
    writer.close()

    # A production site admits no guests.
    assert reply["response"]["reason"] == "guests_disabled", reply
    assert page.startswith("HTTP/1.1 200 OK")
    assert "main.bundle.js" in page
