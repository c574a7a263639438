"""A client that sends and leaves at once loses nothing that it has sent."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from django.conf import settings

from accounts.models import User
from chat.consumers.json_consumer import JsonConsumer
from chat.models import Channel, Message
from delivery.db.executors import run
from tests.support.in_process import create_global_channel, running_node

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("politely", [True, False], ids=["closed", "lost"])
async def test_a_message_that_came_before_the_end_is_stored(alice: User, trio: Channel, politely: bool) -> None:
    await run(create_global_channel)
    async with running_node() as node:
        client = await node.connect(alice)
        for number in range(3):
            await client.post("message.send", {"target": str(trio.pk), "msg": str(number)})
        await (client.close() if politely else client.vanish())

    stored = await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True)))
    assert stored == ["0", "1", "2"]


@pytest.mark.parametrize("pipelined", [True, False])
async def test_a_request_whose_connection_is_cut_before_its_turn_causes_no_warning(pipelined: bool) -> None:
    async def do_nothing() -> None:
        """Do nothing."""

    sends = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(settings.IM_MAX_IN_FLIGHT)]
    request = do_nothing()
    waiting = asyncio.create_task(JsonConsumer()._start(request, sends[:], pipelined=pipelined))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert inspect.getcoroutinestate(request) == inspect.CORO_CLOSED
    for send in sends:
        send.cancel()
