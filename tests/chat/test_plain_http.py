"""A plain HTTP request for a WebSocket address is told what the address is for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.conf import Settings
from django.test import Client

from chat.node.connection_limiter import ConnectionLimiter
from chat.views import websocket_only
from delivery.rate_limits.declared import CONNECTIONS, reset_limits


@pytest.mark.parametrize("path", ["/acc", "/acc?batch=1", "/ws?app=102"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_an_upgrade_is_required(path: str, method: str) -> None:
    response = getattr(Client(), method)(path)
    assert (response.status_code, response["Upgrade"], response["Connection"]) == (426, "websocket", "Upgrade")
    sentence = "" if method == "head" else "This address is for WebSocket connections only.\n"
    assert response.content.decode() == sentence


def test_the_sentence_is_in_the_users_language(client: Client) -> None:
    response = client.get("/ws", headers={"Accept-Language": "zh-CN"})
    assert response.content.decode() == "这个地址只接受 WebSocket 连接。\n"


@pytest.mark.parametrize("path", ["/acc", "/ws", "/widget"])
def test_a_page_learns_whether_its_websocket_would_be_refused(path: str, client: Client, settings: Settings) -> None:
    settings.IM_CONNECTION_RATE, settings.IM_CONNECTION_BURST = 0.5, 2  # type: ignore[attr-defined]
    reset_limits()
    for _ in range(3):
        assert client.head(path, {"check": "1"}).status_code == 204, "asking counts as no connection"
    assert (CONNECTIONS.take("127.0.0.1"), CONNECTIONS.take("127.0.0.1")) == (0.0, 0.0)
    response = client.head(path, {"check": "1"})
    assert (response.status_code, response["Retry-After"]) == (429, "2")
    assert client.head(path).status_code == 426
    reset_limits()


def test_a_page_learns_that_the_node_is_full(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 1  # type: ignore[attr-defined]
    node = SimpleNamespace(accepting=True, connection_limiter=ConnectionLimiter())
    monkeypatch.setattr(websocket_only, "running_node", lambda: node)
    assert client.head("/acc?check=1").status_code == 204
    assert node.connection_limiter.enter("127.0.0.1")
    response = client.head("/acc?check=1")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    node.connection_limiter.leave("127.0.0.1")
    node.accepting = False
    assert client.head("/acc?check=1").status_code == 503
