"""Proves that the oracle can see: it must find each bug that is planted in a node."""

from __future__ import annotations

import asyncio

from tests.chaos.plants import marks
from tests.chaos.scenario import Outcome, Scenario, run_on, running_cluster
from tests.chaos.stage import Stage
from tests.support.cluster import Node
from tests.support.site_maker import SiteFactory
from tests.support.waiting import wait_until

NAME = "planted-bugs"
SETTINGS = "tests.chaos.plants.settings"
BURST_SECONDS = 1.0
EVIDENCE = {
    marks.PUSH_DROPPED: {"not received"},
    marks.COMMIT_DELAYED: {"acknowledged but not stored there", "stored more than once", "received more than once"},
    marks.GUARD_REMOVED: {"received from a foreign channel"},
    marks.FILE_MISSING: {"wrong or missing file"},
}
"""Faults by bug, at least one of which the oracle must report."""


def planted(bug: str) -> Scenario:
    """Return a scenario without any fault but this bug; with the bug "", without a fault."""

    async def fault(stage: Stage) -> None:
        stage.concern_everybody()
        path = marks.mark(bug, stage.cluster.data)
        if bug:
            path.touch()
        if bug in marks.TAKEN:
            await wait_until(lambda: not path.exists())
        if bug == marks.COMMIT_DELAYED:
            await wait_until(lambda: any(map(_has_died, stage.cluster.nodes)))
        await stage.last(BURST_SECONDS)
        path.unlink(missing_ok=True)
        for node in filter(_has_died, stage.cluster.nodes):
            await asyncio.to_thread(node.restart)

    return Scenario(f"planted-{bug or 'nothing'}", "", fault, size=6, options={"DJANGO_SETTINGS_MODULE": SETTINGS})


def _has_died(node: Node) -> bool:
    return node.process is not None and node.process.poll() is not None


def is_seen(bug: str, outcome: Outcome) -> bool:
    """Return whether the oracle has found the bug, or nothing if the bug is ""."""
    return bool(EVIDENCE[bug] & outcome.verdict.faults.keys()) if bug else not outcome.verdict.faults


async def outcomes_of_bugs(make_site: SiteFactory) -> dict[str, Outcome]:
    """Return what the crowd shows of each bug, and of none, on one cluster."""
    async with running_cluster(planted(""), make_site) as (cluster, shared_site):
        return {bug: await run_on(planted(bug), cluster, shared_site) for bug in ("", *marks.BUGS)}


async def unseen_bugs(make_site: SiteFactory) -> list[str]:
    """Return the bugs that the oracle does not find, and "" if it finds faults where there are none."""
    return [bug for bug, outcome in (await outcomes_of_bugs(make_site)).items() if not is_seen(bug, outcome)]
