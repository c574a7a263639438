"""Reads a user's whole stream by `sync`, as a client that begins anew."""

from __future__ import annotations

import asyncio

from tests.load import raw_socket
from tests.load.pressure.chunks import Pushes, decode
from tests.load.pressure.connection import LoadConnection, Login, Member

_SECONDS = 120.0


async def synced_numbers(login: Login, host: str, port: int, after: int) -> dict[str, list[int]]:
    """Return the numbers of each channel's messages after this position, in the order of the pages."""
    reader = Member(login)
    reader.position = after
    connection = LoadConnection(reader)
    numbers: dict[str, list[int]] = {}
    async with asyncio.timeout(_SECONDS):
        await raw_socket.connect(port, "/acc", connection, host=host)
        reader.connection = connection
        has_more = True
        while has_more:
            page = await reader.call("sync", after=reader.position)
            if page.get("reset"):
                raise ConnectionError("the server cannot replay the whole stream")
            for item in decode(page["events"]):
                if isinstance(item, Pushes):
                    numbers.setdefault(item.channel, []).append(item.first)
            reader.position, has_more = page["position"], page["hasMore"]
    connection.abandon()
    return numbers
