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

`SyncClient` has the same HTTP calls for programs without an event loop.
"""

from __future__ import annotations

from imsite.client.client import Client
from imsite.client.connection import ClientConnection
from imsite.client.errors import ClientError, Closed, Disconnected, Refused, Unreachable
from imsite.client.files import OutgoingFile
from imsite.client.sync_client import SyncClient
from imsite.client.types import Attachment, LoggedInUser, OutgoingMessage, Push, Recipient, SendResult

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
    "Unreachable",
]
