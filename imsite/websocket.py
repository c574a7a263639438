"""uvicorn's WebSocket protocol with two things more: frames made once for everybody, and a cut.

One write to a socket costs more than all else in a delivery, so what goes out together goes out in one write.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

_SHARED_SIZE = 4096
"""Texts up to this many characters are likely pushes, which go to many; longer ones are one connection's reply."""


def _text_frame(text: str) -> bytes:
    return bytes(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))


# A server's frames are not masked, so those of a push are the same bytes for all who get it.
_shared_text_frame = lru_cache(maxsize=512)(_text_frame)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Adds the scope extension `imsite.socket`: `write(texts)` for several text frames at once, and `abort()`."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        # The application's task has been made but has not run yet. A refused handshake has no scope.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["imsite.socket"] = {"write": self.write, "abort": self.abort}

    async def write(self, texts: list[str]) -> None:
        """Send each text as a frame, all in one write; waits while the peer does not read, as `send` does."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        frames = [_shared_text_frame(text) if len(text) <= _SHARED_SIZE else _text_frame(text) for text in texts]
        self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def abort(self) -> None:
        """Cut the connection without a goodbye, for a peer that would not read it."""
        self.transport.abort()
