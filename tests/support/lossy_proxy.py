"""A proxy in front of `/ws` that drops acknowledgements and cuts connections."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from types import TracebackType

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from chat.wire import im_pb2 as im


class LossyProxy:
    """A proxy for these URLs; each new connection goes to the next of them. An async context manager.

    It drops the share `lose` of the acknowledgements of messages. It cuts a connection after a random number of client
    frames between the two of `life`; None: never.
    """

    def __init__(
        self, targets: Sequence[str], chance: random.Random, *, lose: float, life: tuple[int, int] | None = None
    ) -> None:
        self.lose, self.life = lose, life
        self.lost = self.cuts = 0
        self._targets = itertools.cycle(targets)
        self._chance = chance
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"ws://{host}:{port}"

    async def __aenter__(self) -> LossyProxy:
        self._server = await serve(self._serve, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, client: ServerConnection) -> None:
        frames = self._chance.randint(*self.life) if self.life else None
        async with connect(
            next(self._targets), compression=None, max_size=None, proxy=None, ping_interval=None
        ) as site:
            down = asyncio.create_task(self._down(site, client))
            try:
                await self._up(client, site, frames)
            except ConnectionClosed:
                pass
            else:
                self.cuts += 1
            site.transport.abort()
            client.transport.abort()
            await asyncio.gather(down, return_exceptions=True)

    async def _up(self, client: ServerConnection, site: ClientConnection, frames: int | None) -> None:
        """Forward this many frames (None: all). Raises ConnectionClosed if either side closes before."""
        for _ in itertools.count() if frames is None else range(frames):
            await site.send(await client.recv())

    async def _down(self, site: ClientConnection, client: ServerConnection) -> None:
        async for frame in site:
            assert isinstance(frame, bytes)
            outputs = im.OutputBatch.FromString(frame).outputs
            kept = [output for output in outputs if not self._loses(output)]
            self.lost += len(outputs) - len(kept)
            if kept:
                await client.send(im.OutputBatch(outputs=kept).SerializeToString())

    def _loses(self, raw: bytes) -> bool:
        output = im.Output.FromString(raw)
        return (
            output.type == im.CT_ACK
            and im.ACKMsg.FromString(output.data).type == im.AT_UP
            and self._chance.random() < self.lose
        )
