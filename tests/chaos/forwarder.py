"""A TCP address that stays while the server behind it changes, as a virtual address of a database does."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from tests.support.ports import free_port

_PIECE_BYTES = 65536


class Forwarder:
    """Listens on a port in a thread of its own, and passes each connection to the server at `target`, a port."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="forwarder").start()
        self._run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    def switch(self, target: int) -> None:
        """Cut all connections, and pass new ones to another server."""

        async def cut() -> None:
            self._target = target
            for writer in list(self._writers):
                writer.transport.abort()

        self._run(cut())

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)  # type: ignore[arg-type]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers |= {writer, upstream}
            await asyncio.gather(_copy(reader, upstream), _copy(upstream_reader, writer), return_exceptions=True)
            self._writers -= {writer, upstream}
            upstream.close()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()
