"""uvicorn's WebSocket protocol with one thing more: a connection can be cut."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds the scope extension `imsite.abort`, for a peer that reads nothing, not even that we close."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        # The application's task has been made but has not run yet. A refused handshake has no scope.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]  # type: ignore[assignment]
            extensions["imsite.abort"] = {"transport": self.transport.abort}
