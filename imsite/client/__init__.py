"""Python client of the site for other programs. Requires httpx and websockets, and no other module of imsite.

    async with Client("https://im.example", token="…") as im:
        [sent] = await im.send("Your build is green", to=Recipient.user("alice"), files=["report.pdf"])
        await im.react(sent.id, "🎉")
        if await im.is_online("bob"):
            ...
        async with im.listen() as connection:
            async for push in connection:
                if push.cmd == "msg" and not connection.is_own(push):
                    files = [await im.download(attachment) for attachment in push.attachments]
                    await connection.send(f"{len(files)} files received.", target=push.data["target"])

`SyncClient` has the same methods for programs without an event loop.
"""

from __future__ import annotations

from .client import Client
from .connection import ClientConnection
from .errors import ClientError, Closed, Disconnected, Refused, Unreachable
from .files import OutgoingFile
from .sync_client import SyncClient
from .sync_connection import SyncConnection
from .types import Attachment, LoggedInUser, OutgoingMessage, Push, Recipient, SendResult

__all__ = [
    "Attachment",
    "Client",
    "ClientConnection",
    "ClientError",
    "Closed",
    "Disconnected",
    "LoggedInUser",
    "OutgoingFile",
    "OutgoingMessage",
    "Push",
    "Recipient",
    "Refused",
    "SendResult",
    "SyncClient",
    "SyncConnection",
    "Unreachable",
]
