"""Proves that the oracle can see: it must find each bug that is planted in a node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.chaos.plants import marks
from tests.chaos.scenario import Outcome, Scenario, run_on, running_cluster
from tests.chaos.stage import Stage
from tests.support.cluster import Node
from tests.support.site_maker import SiteFactory
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

NAME = "planted-bugs"
SETTINGS = "tests.chaos.plants.settings"
BURST_SECONDS = 1.0
_LOOKS = 10
_LOOK_SECONDS = 0.2
EVIDENCE = {
    marks.PUSH_DROPPED: "not received",
    marks.COMMIT_DELAYED: "acknowledged but not stored there",
    marks.GUARD_REMOVED: "received from a foreign channel",
    marks.FILE_MISSING: "wrong or missing file",
}
"""The fault by bug that the oracle must report."""


def planted(bug: str) -> Scenario:
    """Return a scenario without any fault but this bug; with the bug "", without a fault."""

    async def fault(stage: Stage) -> None:
        stage.concern_everybody()
        if bug:
            await _plant(bug, stage)
        if bug == marks.COMMIT_DELAYED:
            # They die before the commit.
            await asyncio.gather(*(asyncio.to_thread(_replace, node) for node in stage.cluster.nodes))
        await stage.last(BURST_SECONDS)

    return Scenario(f"planted-{bug or 'nothing'}", "", fault, size=6, options={"DJANGO_SETTINGS_MODULE": SETTINGS})


async def _plant(bug: str, stage: Stage) -> None:
    """Plant the bug, and remove it once it has had a victim. Raises TimeoutError if it has none."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await _PLANTERS[bug](stage)
    except TimeoutError:
        raise TimeoutError(f"{bug} had no victim within {TIMEOUT_SECONDS:g} s") from None
    finally:
        marks.remove(bug, stage.cluster.data)


async def _plant_once(bug: str, stage: Stage) -> None:
    """Plant the bug and wait until it has happened."""
    marks.plant(bug, stage.cluster.data)
    await wait_until(lambda: not marks.is_marked(bug, stage.cluster.data))


async def _drop_push(stage: Stage) -> None:
    await _plant_once(marks.PUSH_DROPPED, stage)


async def _delay_commit(stage: Stage) -> None:
    """Return once a client has the acknowledgement of a message that is not stored."""
    while not await _is_lost(stage):
        await _plant_once(marks.COMMIT_DELAYED, stage)
        # The acknowledgement is on its way, unless its connection has ended meanwhile.
        for _ in range(_LOOKS):
            if await _is_lost(stage):
                break
            await asyncio.sleep(_LOOK_SECONDS)


async def _is_lost(stage: Stage) -> bool:
    """Return whether the database lacks an acknowledged message."""
    records = [*(member.record for member in stage.crowd.members), stage.crowd.uploader.record]
    acknowledged = {key for record in records for key, *_ in record.acknowledged}
    return not acknowledged <= await asyncio.to_thread(stage.crowd.stored_keys)


def _replace(node: Node) -> None:
    node.kill()
    node.start()


async def _remove_guard(stage: Stage) -> None:
    marks.plant(marks.GUARD_REMOVED, stage.cluster.data)
    received = stage.crowd.stranger.record.received
    await wait_until(lambda: any(numbers.count for numbers in received.values()))


async def _lose_file(stage: Stage) -> None:
    """Lose the file of a message that is sent."""
    uploader = stage.crowd.uploader
    abandoned = -1
    while abandoned != len(uploader.record.abandoned):
        abandoned = len(uploader.record.abandoned)
        # The present file may be stored already, so the next one is lost.
        expected = uploader.attempts + 2
        await _plant_once(marks.FILE_MISSING, stage)
        await wait_until(lambda expected=expected: uploader.attempts >= expected)  # type: ignore[misc]


_PLANTERS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    marks.PUSH_DROPPED: _drop_push,
    marks.COMMIT_DELAYED: _delay_commit,
    marks.GUARD_REMOVED: _remove_guard,
    marks.FILE_MISSING: _lose_file,
}


def is_seen(bug: str, outcome: Outcome) -> bool:
    """Return whether the oracle has found the bug, or nothing if the bug is ""."""
    return EVIDENCE[bug] in outcome.verdict.faults if bug else not outcome.verdict.faults


async def outcomes_of_bugs(make_site: SiteFactory) -> dict[str, Outcome]:
    """Return what the crowd shows of each bug, and of none, on one cluster."""
    async with running_cluster(planted(""), make_site) as (cluster, shared_site):
        return {bug: await run_on(planted(bug), cluster, shared_site) for bug in ("", *marks.BUGS)}


async def unseen_bugs(make_site: SiteFactory) -> list[str]:
    """Return the bugs that the oracle does not find, and "" if it finds faults where there are none."""
    return [bug for bug, outcome in (await outcomes_of_bugs(make_site)).items() if not is_seen(bug, outcome)]
