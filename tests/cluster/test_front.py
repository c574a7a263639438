"""deploy/nginx.conf works with real nodes behind it."""

from __future__ import annotations

import asyncio
import re
import urllib.error
import urllib.request

import pytest
from websockets.exceptions import InvalidStatus

from imsite.cluster import nginx
from imsite.server.runner import uvicorn_config
from tests.cluster.conftest import ClusterFactory
from tests.support.client import Client
from tests.support.cluster import Cluster
from tests.support.fixtures.sites import Connect
from tests.support.monitoring import connections, get
from tests.support.waiting import TIMEOUT_SECONDS


def test_nginx_closes_idle_connections_before_the_node_does() -> None:
    """Otherwise a POST could use a connection that is just being closed, and nginx does not retry a POST."""
    kept = re.search(r"keepalive_timeout (\d+)s;", nginx.SITE_TEMPLATE.read_text())

    assert kept and int(kept[1]) < uvicorn_config("127.0.0.1", 8000).timeout_keep_alive


async def test_users_chat_through_nginx_and_are_spread_over_the_nodes(cluster: Cluster, connect: Connect) -> None:
    people: list[Client] = [await connect(cluster.acc) for _ in range(6)]

    for number, one in enumerate(people):
        assert (await one.login_guest(f"Guest{number}"))["position"] >= 0

    assert [connections(node) for node in cluster.nodes] == [3, 3]


async def test_a_forged_forwarding_header_does_not_change_the_address(cluster: Cluster) -> None:
    async with await Client.connect(cluster.acc, headers={"X-Forwarded-For": "203.0.113.9"}) as alice:
        await alice.login_guest("Alice")

        states = [get(f"{node.url}/system/state?isDebug=true").text for node in cluster.nodes]

    assert any("127.0.0.1" in state for state in states)
    assert not any("203.0.113.9" in state for state in states)


def test_a_page_of_this_origin_may_connect_and_another_may_not(cluster: Cluster) -> None:
    async def opens(origin: str) -> bool:
        try:
            await (await Client.connect(cluster.acc, origin=origin, cookie="sessionid=x")).close()
        except InvalidStatus:
            return False
        return True

    assert asyncio.run(opens(cluster.url))
    assert not asyncio.run(opens("http://127.0.0.1:1"))


async def test_requests_to_a_dead_node_go_to_another(cluster: Cluster, connect: Connect) -> None:
    cluster.nodes[0].kill()

    for number in range(6):
        await (await connect(cluster.acc)).login_guest(f"Guest{number}")
        assert get(f"{cluster.url}/accounts/login/").status == 200

    assert connections(cluster.nodes[1]) == 6


async def test_a_full_node_refuses_connections_to_another_node_but_serves_pages(
    cluster_factory: ClusterFactory, connect: Connect
) -> None:
    with cluster_factory(front=True, IM_MAX_CONNECTIONS="2") as cluster:
        for _ in range(2):
            await connect(cluster.nodes[0].acc)

        for _ in range(2):
            await connect(cluster.acc)
        with pytest.raises(InvalidStatus):
            await connect(cluster.acc)

        assert connections(cluster.nodes[1]) == 2
        assert all(get(f"{cluster.url}/accounts/login/").status == 200 for _ in range(4))


def test_static_files_are_served_from_the_disk_or_by_a_node(cluster: Cluster) -> None:
    from_node = get(f"{cluster.url}/static/css/base.css")
    (cluster.data / "static" / "css").mkdir(parents=True, exist_ok=True)
    (cluster.data / "static" / "css" / "base.css").write_text("/* of the disk */")

    from_disk = get(f"{cluster.url}/static/css/base.css")

    assert from_node.status == 200 and "of the disk" not in from_node.text
    assert from_disk.text == "/* of the disk */"
    assert from_disk.headers["Content-Type"] == "text/css"


def test_nginx_hides_its_version(cluster: Cluster) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{cluster.url}/nothing/here", timeout=TIMEOUT_SECONDS)

    assert "nginx/" not in refused.value.headers["Server"]


def test_the_path_of_an_incoming_webhook_is_not_logged(cluster: Cluster) -> None:
    """The path is a secret. Without an answer from a node, nginx would otherwise log the whole request."""
    secret = "s3cret" * 7

    def post() -> int:
        request = urllib.request.Request(f"{cluster.url}/hooks/{secret}/", data=b'{"text": "hello"}', method="POST")
        try:
            return int(urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert post() == 404
    for node in cluster.nodes:
        node.kill()
    assert post() == 502
    assert get(f"{cluster.url}/accounts/login/").status == 502
    logs = "".join(path.read_text(errors="replace") for path in cluster.data.rglob("*.log"))
    assert "/accounts/login/" in logs and secret not in logs
