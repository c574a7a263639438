"""A node in a process of its own: a hub with one connected user, and the gRPC service.

It ends with its standard input. It prints its port, then each event that it delivers to the user.
"""

from __future__ import annotations

import asyncio
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from delivery import log, lost_positions  # noqa: E402  Django must be set up first
from delivery.hub.encoders import encoders  # noqa: E402
from delivery.hub.hub import Hub  # noqa: E402
from delivery.log import Entry  # noqa: E402
from tests.delivery.conftest import MemoryLog  # noqa: E402
from tests.support.cluster_rpc import running_server  # noqa: E402
from tests.support.listener import CODEC, listening, plain  # noqa: E402

USER_ID = 7


def _shown(entry: Entry) -> str:
    print(plain(entry), flush=True)  # noqa: T201  this is how it tells
    return plain(entry)


async def main() -> None:
    memory_log = MemoryLog()
    log.head, log.read = memory_log.head, memory_log.read
    lost_positions.read_lost_ranges = lambda: memory_log.lost
    encoders[CODEC] = _shown
    hub = Hub()
    await hub.start()
    async with running_server(hub, node="child") as server, listening(hub, USER_ID):
        print(server.port, flush=True)  # noqa: T201
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await hub.stop()


if __name__ == "__main__":
    asyncio.run(main())
