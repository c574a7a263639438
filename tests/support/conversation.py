"""Messages between users on several nodes: many sends in flight, and the numbers that each client received."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from tests.support.client import Client, Envelope
from tests.support.shared_site import UserClient

IN_FLIGHT = 200
MESSAGE_COMMANDS = {"msg", "message.send"}


async def send_many(person: UserClient, target: str, count: int) -> None:
    """Send `count` messages concurrently to the channel; return when all are stored."""
    flying: deque[asyncio.Future[Envelope]] = deque()
    for number in range(count):
        if len(flying) == IN_FLIGHT:
            assert (await flying.popleft()).code == 200
        flying.append(await person.post("message.send", target=target, type="text", msg=f"{person.name} {number}"))
    while flying:
        assert (await flying.popleft()).code == 200


def received_numbers(person: Client, target: str) -> list[int]:
    """Return the numbers of the channel's messages in the order in which the client received them, by push or reply."""
    return [
        item.data["seq"]
        for item in person.received
        if item.cmd in MESSAGE_COMMANDS and item.code == 200 and item.data["target"] == target
    ]


async def wait_for_messages(person: Client, counts: Mapping[str, int]) -> None:
    """Wait until the client has this many messages of each channel. The time-out restarts whenever some arrive."""
    while missing := sum(max(0, count - len(received_numbers(person, target))) for target, count in counts.items()):
        enough = len(person.received) + missing
        await person.until(lambda enough=enough: len(person.received) >= enough)  # type: ignore[misc]


async def assert_complete_and_ordered(people: Sequence[Client], counts: Mapping[str, int]) -> None:
    """Assert that each client received every message of these channels once, and in order of sequence number and
    position.
    """
    for person in people:
        await wait_for_messages(person, counts)
    for person in people:
        await person.settle()
        for target, count in counts.items():
            assert received_numbers(person, target) == list(range(1, count + 1))
        positions = [
            item.data["position"]
            for item in person.received
            if item.code == 200
            and isinstance(item.data, dict)
            and item.cmd in MESSAGE_COMMANDS
            and item.data["target"] in counts
        ]
        assert positions == sorted(set(positions))
