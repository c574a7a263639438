"""A crowd goes on a few at a time, in order; a few at once do not wait."""

from __future__ import annotations

import asyncio
from functools import partial

from delivery.turn_pacer import TurnPacer

PER_TURN = 4


def _begin(pacer: TurnPacer, begun: list[int], numbers: range) -> None:
    for number in numbers:
        begin = partial(begun.append, number)
        if pacer.admit(begin):
            begin()


async def test_a_crowd_begins_a_few_at_a_time() -> None:
    pacer, begun = TurnPacer(PER_TURN), list[int]()
    _begin(pacer, begun, range(3 * PER_TURN + 1))
    turns = []
    while len(begun) < 3 * PER_TURN + 1:
        turns.append(len(begun))
        assert begun == list(range(turns[-1]))
        await asyncio.sleep(0)
    assert turns == [PER_TURN * number for number in (1, 2, 3)]


async def test_those_who_come_later_wait_behind_the_crowd() -> None:
    pacer, begun = TurnPacer(PER_TURN), list[int]()
    _begin(pacer, begun, range(2 * PER_TURN))
    await asyncio.sleep(0)
    late = range(2 * PER_TURN, 2 * PER_TURN + 1)
    _begin(pacer, begun, late)
    assert begun == list(range(2 * PER_TURN))
    await asyncio.sleep(0)
    assert begun == list(range(late.stop))


async def test_callers_wait_for_their_turn() -> None:
    pacer, begun = TurnPacer(PER_TURN), list[int]()

    async def work(number: int) -> None:
        await pacer.wait()
        begun.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(2 * PER_TURN)]
    await asyncio.sleep(0)
    assert begun == list(range(PER_TURN))
    await asyncio.gather(*tasks)
    assert begun == list(range(2 * PER_TURN))


async def test_a_caller_that_is_cancelled_does_not_stop_the_others() -> None:
    pacer = TurnPacer(1)
    await pacer.wait()
    gone, other = asyncio.create_task(pacer.wait()), asyncio.create_task(pacer.wait())
    await asyncio.sleep(0)
    gone.cancel()
    await other


async def test_an_error_does_not_stop_the_others() -> None:
    pacer, begun, errors = TurnPacer(1), list[int](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: errors.append(context["exception"]))
    await pacer.wait()
    error = RuntimeError("cannot begin")

    def fail() -> None:
        raise error

    assert not pacer.admit(fail)
    _begin(pacer, begun, range(2))
    for _ in range(3):
        await asyncio.sleep(0)
    assert (errors, begun) == ([error], [0, 1])


async def test_nothing_is_scheduled_once_all_are_in() -> None:
    pacer = TurnPacer(PER_TURN)
    _begin(pacer, [], range(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert pacer._loop is None
