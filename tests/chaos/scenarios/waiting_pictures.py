"""Many clients of `/ws` send pictures faster than a node can store them. Its memory stays bounded."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

from websockets.exceptions import ConnectionClosed

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.stage import Stage
from tests.support.client import Closed
from tests.support.protobuf_client import ProtobufClient
from tests.support.shared_site import Account

CLIENTS = 100
PICTURES_EACH = 200
PICTURE_BYTES = 36_000
SECONDS = 15.0
QUEUE_BYTES = 2_097_152
"""Less than one picture of each client."""


async def fault(stage: Stage) -> None:
    """Let the clients send 20,000 pictures without waiting for an answer, for some seconds, and then leave."""
    stage.concern(stage.members_at(stage.b))
    accounts = await asyncio.to_thread(stage.accounts, CLIENTS)
    clients = await asyncio.gather(*(_enter(stage, account) for account in accounts))
    end = time.monotonic() + SECONDS
    floods = [asyncio.create_task(_flood(client)) for client in clients]
    await asyncio.wait(floods, timeout=end - time.monotonic())
    for flood in floods:
        flood.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
    acks = [ack for client in clients for ack in client.acks]
    stage.add("pictures stored", sum(ack.code == 200 for ack in acks))
    stage.add("pictures refused", sum(ack.code != 200 for ack in acks))
    for client in clients:
        client.socket.transport.abort()
    await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)


async def _enter(stage: Stage, account: Account) -> ProtobufClient:
    client = await ProtobufClient.connect(f"ws://127.0.0.1:{stage.b.port}/ws", int(account.id))
    assert (await client.login(account.token, sync=0)).code == 200
    return client


async def _flood(client: ProtobufClient) -> None:
    """Send pictures to the user itself."""
    content = os.urandom(PICTURE_BYTES)
    with contextlib.suppress(ConnectionClosed, Closed):
        for _ in range(PICTURES_EACH):
            await client.put("single", client.user, content, type="picture")


SCENARIO = Scenario(
    "waiting-pictures",
    "20,000 pictures are sent faster than they can be stored",
    fault,
    Criteria(others_seconds=5.0),
    options={"IM_WRITE_QUEUE_MAX_BYTES": str(QUEUE_BYTES), "IM_MAX_CONNECTIONS_PER_ADDRESS": "1000"},
)
