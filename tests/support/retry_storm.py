"""A client that sends every message three times on a connection, and then again until it is acknowledged."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence

from websockets.exceptions import ConnectionClosed

from chat.wire import im_pb2 as im
from tests.support.client import Closed
from tests.support.protobuf_client import ProtobufClient

RETRIES = 3
"""Sends of each message."""


def retry_order(chance: random.Random, count: int) -> list[int]:
    """Return the numbers 1, 2, 3, … `count` with two repeats of each at random places after the first."""
    numbers: list[int] = []
    for number in range(1, count + 1):
        numbers.append(number)
        again = chance.choices(range(1, number + 1), k=RETRIES - 1)
        numbers += [one for one in again if numbers.count(one) < RETRIES]
    return numbers + [number for number in range(1, count + 1) for _ in range(RETRIES - numbers.count(number))]


async def send_storm(
    client: ProtobufClient, chance: random.Random, group: int, texts: Sequence[str], *, keys: bool
) -> Mapping[str, int]:
    """Send each text three times, with the text as its key if `keys`, then again until it is acknowledged.

    Return the acknowledged positions by text: all of them, unless the connection was cut.
    """

    async def put(numbers: Sequence[int]) -> None:
        for number in numbers:
            text = texts[number - 1]
            await client.put("group", group, text, number=number, key=text if keys else "")

    def missing() -> list[int]:
        told = {ack.client_id for ack in client.acks}
        return [number for number in range(1, len(texts) + 1) if number not in told]

    with contextlib.suppress(ConnectionClosed, Closed):
        await put(retry_order(chance, len(texts)))
        await client.settle()
        while numbers := missing():
            await put(numbers)
            await client.settle()
    acks = [ack for ack in client.acks if ack.client_id]
    assert all((ack.code, ack.type) == (200, im.AT_UP) for ack in acks)
    told = {texts[ack.client_id - 1]: ack.seq for ack in acks}
    assert all(told[texts[ack.client_id - 1]] == ack.seq for ack in acks), "a retry is acknowledged like the first"
    return told
