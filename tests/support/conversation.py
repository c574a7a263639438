"""Messages between users on several nodes: many sends in flight, and the numbers that each client received."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from tests.support.client import Client, Envelope
from tests.support.shared_site import UserClient

IN_FLIGHT = 200
MESSAGE_COMMANDS = {"msg", "message.send"}


async def send_many(client: UserClient, target: str, count: int) -> None:
    """Send `count` messages concurrently to the channel; return when all are stored."""
    in_flight: deque[asyncio.Future[Envelope]] = deque()
    for number in range(count):
        if len(in_flight) == IN_FLIGHT:
            assert (await in_flight.popleft()).code == 200
        in_flight.append(await client.post("message.send", target=target, type="text", msg=f"{client.name} {number}"))
    while in_flight:
        assert (await in_flight.popleft()).code == 200


def received_numbers(client: Client, target: str) -> list[int]:
    """Return the numbers of the channel's messages in the order in which the client received them, by push or reply."""
    return [
        item.data["seq"]
        for item in client.received
        if item.cmd in MESSAGE_COMMANDS and item.code == 200 and item.data["target"] == target
    ]


async def wait_for_messages(client: Client, counts: Mapping[str, int]) -> None:
    """Wait until the client has this many messages of each channel. The time-out restarts whenever some arrive."""
    while missing := sum(max(0, count - len(received_numbers(client, target))) for target, count in counts.items()):
        enough = len(client.received) + missing
        await client.until(lambda enough=enough: len(client.received) >= enough)  # type: ignore[misc]


async def assert_complete_and_ordered(clients: Sequence[Client], counts: Mapping[str, int]) -> None:
    """Assert that each client received every message of these channels once, by sequence number and position."""
    for client in clients:
        await wait_for_messages(client, counts)
    for client in clients:
        await client.settle()
        for target, count in counts.items():
            assert received_numbers(client, target) == list(range(1, count + 1))
        positions = [
            item.data["position"]
            for item in client.received
            if item.code == 200
            and isinstance(item.data, dict)
            and item.cmd in MESSAGE_COMMANDS
            and item.data["target"] in counts
        ]
        assert positions == sorted(set(positions))
