"""Makes the connections of both clients."""

from __future__ import annotations

from typing import Any

from .connection import HEARTBEAT_SECONDS, MAX_WAITING_PUSHES, ClientConnection

DEFAULT_APP = 101


def connection_to(
    site_url: str,
    token: str,
    *,
    app: int = DEFAULT_APP,
    name: str | None = None,
    after: int | None = None,
    activity: bool = False,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    max_waiting_pushes: int = MAX_WAITING_PUSHES,
) -> ClientConnection:
    """Return a connection to a site. `Client.listen` describes the parameters."""
    credentials: dict[str, Any] = {"appId": app}
    if token:
        credentials["serviceToken"] = token
    if name is not None:
        credentials["userId"] = name
    url = f"ws{site_url.removeprefix('http')}/acc?batch=1{'&activity=1' if activity else ''}"
    return ClientConnection(
        url, credentials, after=after, heartbeat_seconds=heartbeat_seconds, max_waiting_pushes=max_waiting_pushes
    )
