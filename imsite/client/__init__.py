"""A client of the site for other programs; needs httpx and websockets, and nothing of the site itself.

    async with Client("https://im.example", token="…") as im:
        await im.send("Your build is green", to=To.user("alice"))
        if await im.is_online("bob"):
            ...
        async with im.listen() as line:
            async for push in line:
                if push.cmd == "msg" and not line.wrote(push):
                    await line.send("I heard you.", target=push.data["target"])

`SyncClient` has the same calls for programs without an event loop.
"""

from __future__ import annotations

from imsite.client.client import Client, SyncClient
from imsite.client.connection import ClientConnection
from imsite.client.errors import ClientError, Closed, Disconnected, Refused, Unreachable
from imsite.client.types import Draft, Me, Push, Sent, To

__all__ = [
    "Client",
    "ClientConnection",
    "ClientError",
    "Closed",
    "Disconnected",
    "Draft",
    "Me",
    "Push",
    "Refused",
    "Sent",
    "SyncClient",
    "To",
    "Unreachable",
]
