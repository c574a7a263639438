"""A plain HTTP request for a WebSocket address is told what the address is for."""

from __future__ import annotations

import pytest
from django.test import Client


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
