"""The configuration of the server follows the site's options."""

from __future__ import annotations

import pytest
from django.conf import Settings

from imsite.server.lean_websocket import LeanWebSocketProtocol
from imsite.server.runner import uvicorn_config
from imsite.server.websocket import WebSocketProtocol


@pytest.mark.parametrize(("is_lean", "expected"), [(True, LeanWebSocketProtocol), (False, WebSocketProtocol)])
def test_an_option_chooses_the_websocket_class(settings: Settings, is_lean: bool, expected: type) -> None:
    settings.IM_LEAN_WEBSOCKETS = is_lean  # type: ignore[attr-defined]
    config = uvicorn_config("127.0.0.1", 0)
    config.load()
    assert config.ws_protocol_class is expected


def test_a_host_can_be_a_unix_socket() -> None:
    assert uvicorn_config("unix:/run/imsite/imsite.sock", 8000).uds == "/run/imsite/imsite.sock"
    assert uvicorn_config("::1", 8000).uds is None
