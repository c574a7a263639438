"""The configuration of the server follows the site's options."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from django.conf import Settings
from django.core.management import CommandError, call_command

from imsite.management.commands import serve
from imsite.server import runner
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


def test_a_unix_socket_of_a_running_server_is_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(serve, "require_migrated", lambda: None)
    served: list[str] = []
    monkeypatch.setattr(runner, "run", lambda host, port, **_: served.append(host))
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("imsite.sock")
        other.listen()
        with pytest.raises(CommandError, match="another process listens"):
            call_command("serve", host="unix:imsite.sock", workers=1)
    with pytest.raises(CommandError, match="no directory"):
        call_command("serve", host="unix:absent/imsite.sock", workers=1)
    assert served == []

    # The one that the other process has left is replaced.
    call_command("serve", host="unix:imsite.sock", workers=1)

    assert served == ["unix:imsite.sock"]
