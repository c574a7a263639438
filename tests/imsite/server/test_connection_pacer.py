"""A crowd of new connections is let in a few at a time, in order; a few at once do not wait."""

from __future__ import annotations

import asyncio
from typing import cast

from imsite.server.connection_pacer import ADMITTED_PER_TURN, ConnectionPacer


class Transport:
    """Records whether it is read from."""

    def __init__(self) -> None:
        self.is_read = True
        self.has_begun = False
        self.has_gone = False

    def begin(self, transport: asyncio.Transport) -> None:
        self.has_begun = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        assert not self.has_gone
        self.is_read = True

    def is_closing(self) -> bool:
        return self.has_gone


def _connect(pacer: ConnectionPacer, count: int) -> list[Transport]:
    transports = [Transport() for _ in range(count)]
    for transport in transports:
        if pacer.admit(cast(asyncio.Transport, transport), transport.begin):
            transport.has_begun = True
    return transports


def _read(transports: list[Transport]) -> list[int]:
    return [index for index, transport in enumerate(transports) if transport.is_read and transport.has_begun]


async def test_a_crowd_is_let_in_a_few_at_a_time() -> None:
    pacer = ConnectionPacer()
    crowd = _connect(pacer, 3 * ADMITTED_PER_TURN + 1)
    turns = []
    while len(_read(crowd)) < len(crowd):
        turns.append(len(_read(crowd)))
        assert _read(crowd) == list(range(turns[-1]))
        await asyncio.sleep(0)
    assert turns == [ADMITTED_PER_TURN * number for number in (1, 2, 3)]


async def test_connections_that_come_later_wait_behind_the_crowd() -> None:
    pacer = ConnectionPacer()
    crowd = _connect(pacer, 2 * ADMITTED_PER_TURN)
    await asyncio.sleep(0)
    (late,) = _connect(pacer, 1)
    assert len(_read(crowd)) == len(crowd) and not late.is_read
    await asyncio.sleep(0)
    assert late.is_read


async def test_a_connection_that_has_gone_takes_no_place() -> None:
    pacer = ConnectionPacer()
    crowd = _connect(pacer, 2 * ADMITTED_PER_TURN + 1)
    crowd[ADMITTED_PER_TURN].has_gone = True
    await asyncio.sleep(0)
    assert len(_read(crowd)) == 2 * ADMITTED_PER_TURN


async def test_nothing_is_scheduled_once_all_are_in() -> None:
    pacer = ConnectionPacer()
    _connect(pacer, 1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert pacer._loop is None
    assert _read(_connect(pacer, 1)) == [0]


def test_another_event_loop_begins_anew() -> None:
    pacer = ConnectionPacer()

    async def leave() -> None:
        _connect(pacer, 2 * ADMITTED_PER_TURN)

    async def come_back() -> None:
        assert len(_read(_connect(pacer, ADMITTED_PER_TURN))) == ADMITTED_PER_TURN

    asyncio.run(leave())
    asyncio.run(come_back())
