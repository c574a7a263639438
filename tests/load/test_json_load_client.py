"""The load client detects loss, repeats and disorder."""

from __future__ import annotations

import asyncio
import struct
from unittest.mock import Mock

import pytest

from tests.load.json_load_client import JsonLoadClient


def _frame(*parts: str) -> bytes:
    payload = (parts[0] if len(parts) == 1 else "[" + ",".join(parts) + "]").encode()
    head = bytes((0x81, len(payload))) if len(payload) < 126 else struct.pack("!BBH", 0x81, 126, len(payload))
    return head + payload


def _push(number: int) -> str:
    return f'{{"seq":"9{number}","cmd":"msg","response":{{"code":200,"data":{{"msg":"1 ","seq":{number}}}}}}}'


def _reply(number: int) -> str:
    return f'{{"seq":"0","cmd":"message.send","response":{{"code":200,"data":{{"seq":{number}}}}}}}'


@pytest.fixture
async def client() -> JsonLoadClient:
    made = JsonLoadClient("alice")
    made.connection_made(Mock(spec=asyncio.Transport))
    made.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    made.data_received(_frame('{"seq":"login","cmd":"login","response":{"code":200,"data":null}}'))
    assert made.logged_in.done()
    return made


def _verdict(client: JsonLoadClient, acknowledged: int) -> tuple[int, int, int]:
    return client.lost(set(range(1, acknowledged + 1))), client.repeated, client.disordered


async def test_messages_in_order_are_counted_as_received(client: JsonLoadClient) -> None:
    for number in range(1, 5):
        client.data_received(_frame(_push(number)))
    assert _verdict(client, 4) == (0, 0, 0)


async def test_frames_may_arrive_in_any_pieces(client: JsonLoadClient) -> None:
    stream = b"".join(_frame(_push(number)) for number in range(1, 4)) + _frame(_push(4), _push(5))
    for index in range(len(stream)):
        client.data_received(stream[index : index + 1])
    assert client.pushes == 5
    assert _verdict(client, 5) == (0, 0, 0)


async def test_own_messages_are_not_counted_as_lost(client: JsonLoadClient) -> None:
    client.data_received(_frame(_push(1)) + _frame(_reply(2)) + _frame(_push(3)))
    assert _verdict(client, 3) == (0, 0, 0)


@pytest.mark.parametrize(
    ("came", "lost", "repeated", "disordered"),
    [
        ((1, 3, 4), 1, 0, 0),
        ((1, 2, 3), 1, 0, 0),
        ((2, 3, 4), 1, 0, 0),
        ((), 4, 0, 0),
        ((1, 2, 2, 3, 4), 0, 1, 0),
        ((1, 3, 2, 4), 0, 0, 1),
    ],
)
async def test_lost_repeated_and_misplaced_messages_are_counted(
    client: JsonLoadClient, came: tuple[int, ...], lost: int, repeated: int, disordered: int
) -> None:
    for number in came:
        client.data_received(_frame(_push(number)))
    assert _verdict(client, 4) == (lost, repeated, disordered)


async def test_a_reply_after_a_later_message_is_misplaced(client: JsonLoadClient) -> None:
    client.data_received(_frame(_push(1), _push(3), _reply(2)))
    assert client.disordered == 1
