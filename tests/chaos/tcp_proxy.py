"""A TCP proxy that delays, cuts and resets."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from types import TracebackType

DIRECTIONS = ("upward", "downward")
_PIECE_BYTES = 65_536
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no seconds: closing sends a reset."""


class TcpProxy:
    """A proxy to `host`:`target` on a free port. An async context manager.

    `delay` seconds pass before each piece of data goes on, in its order. A share `loss` of the pieces takes `resend`
    seconds more, as lost packets do that TCP sends again. Nothing goes on in a direction that is cut: `upward` is from
    the client to the target.
    """

    def __init__(self, target: int, *, delay: float = 0.0, loss: float = 0.0, resend: float = 0.2) -> None:
        self.target = target
        self.port = 0
        self.delay, self.loss, self.resend = delay, loss, resend
        self._chance = random.Random("packets")
        self._open = {direction: asyncio.Event() for direction in DIRECTIONS}
        self.connections = 0
        """All connections that were ever made."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.restore()

    def cut(self, *directions: str) -> None:
        """Let nothing pass in these directions. Connections stay open, and new ones are accepted."""
        for direction in directions:
            self._open[direction].clear()

    def restore(self) -> None:
        """Let everything pass again."""
        for is_open in self._open.values():
            is_open.set()

    def reset(self) -> None:
        """End all connections with a reset."""
        for writer in self._writers:
            link: socket.socket = writer.get_extra_info("socket")
            # It may be closed already, and its task not know yet.
            with contextlib.suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def __aenter__(self) -> TcpProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.restore()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of asyncio's own would print a traceback when it is cancelled.
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        self._writers |= {writer, far_writer}
        ways = [
            asyncio.create_task(self._pass(reader, far_writer, "upward")),
            asyncio.create_task(self._pass(far_reader, writer, "downward")),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._writers -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        sender = asyncio.create_task(self._send(late, writer, direction))
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(_PIECE_BYTES):
                    lost = self.resend if self._chance.random() < self.loss else 0.0
                    await late.put((loop.time() + self.delay + lost, data))
                await late.put((loop.time(), b""))
                await sender
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(
        self, late: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, direction: str
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await late.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._open[direction].wait()
            if not data:
                return
            writer.write(data)
            await writer.drain()
