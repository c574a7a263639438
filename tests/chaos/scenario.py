"""Describes a scenario (its fault, its cluster and its criteria) and runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.chaos.crowd import Crowd
from tests.chaos.stage import Stage
from tests.chaos.watch import NodeWatch, sample_memory
from tests.support.cluster import Cluster
from tests.support.oracle import Verdict
from tests.support.shared_site import SharedSite
from tests.support.site_maker import SiteFactory

RELAXED = {"IM_MAX_GROUPS_PER_USER": "100000", "IM_REGISTRATION_RATE": "0", "IM_SYNC_MAX_EVENTS": "100000"}
"""The options of all scenarios. A sync replays more than usual, so that all messages can be read again."""
_WARM_UP_SECONDS = 2.0
_AFTER_SECONDS = 1.0


@dataclass(frozen=True)
class Criteria:
    """The bounds of a scenario."""

    others_seconds: float = 1.0
    """The longest wait of those not concerned: for acknowledgements, and for messages of each other."""
    recovery_seconds: float = 15.0
    """From the end of the fault until all are back and hear of each other."""
    memory_mib: float = 50.0
    lines_a_minute: int = 10
    refusals: int | None = None
    """The most passing refusals of sends; None: any number, because clients send again."""


def _nothing_around(cluster: Cluster) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Scenario:
    """One fault. `size` members send a message each about every `pause` seconds."""

    name: str
    title: str
    fault: Callable[[Stage], Awaitable[None]]
    criteria: Criteria = Criteria()
    check: Callable[[Stage], Awaitable[None]] | None = None
    """Runs when all are back, while they go on; for criteria of the scenario's own."""
    around: Callable[[Cluster], AbstractAsyncContextManager[None]] = _nothing_around
    """Entered before the cluster starts and left after it has stopped, such as proxies between its nodes."""
    nodes: int = 2
    database: Literal["postgres", "sqlite"] = "postgres"
    options: Mapping[str, str] = field(default_factory=dict)
    size: int = 12
    pause: float = 0.25


class Skipped(Exception):
    """The scenario cannot run here, for the reason that is the message."""


@dataclass(frozen=True)
class Outcome:
    """The result of a scenario. It is good if there are no `failures`."""

    name: str
    verdict: Verdict
    others_seconds: float
    concerned_seconds: float
    recovery_seconds: float | None
    memory_mib: float
    lines_a_minute: int
    line: str
    """The kind of log line that came most often."""
    refusals: int
    files: int
    """Files that were sent and read again."""
    seconds: float
    """Duration of the whole scenario."""
    figures: Mapping[str, str]
    failures: tuple[str, ...]
    skipped: str = ""
    """The reason for which it did not run, if any."""


async def run(scenario: Scenario, make_site: SiteFactory) -> Outcome:
    """Run the scenario on a cluster of its own."""
    async with running_cluster(scenario, make_site) as (cluster, shared_site):
        return await run_on(scenario, cluster, shared_site)


@asynccontextmanager
async def running_cluster(scenario: Scenario, make_site: SiteFactory) -> AsyncIterator[tuple[Cluster, SharedSite]]:
    """Start a cluster for the scenario, with accounts, and stop it at the end."""
    place = make_site()  # Only for its data; it is never started.
    options = {**RELAXED, **scenario.options}
    cluster = Cluster(place.data, count=scenario.nodes, database_url=place.database_url, options=options)
    async with scenario.around(cluster):
        try:
            await asyncio.to_thread(cluster.start)
            shared_site = await asyncio.to_thread(SharedSite, cluster.nodes[0], {"member": scenario.size + 2})
            try:
                yield cluster, shared_site
            finally:
                shared_site.close()
        finally:
            await asyncio.to_thread(cluster.stop)


async def run_on(scenario: Scenario, cluster: Cluster, shared_site: SharedSite) -> Outcome:
    """Run the scenario on a running cluster, with new users and channels."""
    began = time.monotonic()
    places = [("127.0.0.1", node.port) for node in cluster.nodes]
    crowd = Crowd(shared_site, places, size=scenario.size, pause=scenario.pause)
    stage = Stage(cluster, crowd, shared_site)
    watches = [NodeWatch(node) for node in cluster.nodes]
    sampler = asyncio.create_task(sample_memory(watches))
    try:
        await crowd.start()
        await asyncio.sleep(_WARM_UP_SECONDS)
        for watch in watches:
            watch.begin()
        broken_at = time.monotonic()
        await scenario.fault(stage)
        recovery = await crowd.recover(max(60.0, 2 * scenario.criteria.recovery_seconds))
        others = {member.login.name for member in crowd.members if member not in stage.concerned}
        if scenario.check is not None:
            await scenario.check(stage)
        await asyncio.sleep(_AFTER_SECONDS)
        others_seconds = crowd.longest_wait(broken_at, others)
        concerned_seconds = crowd.longest_wait(broken_at, {member.login.name for member in stage.concerned})
        verdict = await crowd.finish()
        lines, line = max(watch.lines_a_minute() for watch in watches)
        outcome = Outcome(
            name=scenario.name,
            verdict=verdict,
            others_seconds=others_seconds,
            concerned_seconds=concerned_seconds,
            recovery_seconds=recovery,
            memory_mib=max(watch.growth_mib for watch in watches),
            lines_a_minute=lines,
            line=line,
            refusals=crowd.refusals,
            files=len(crowd.uploader.files),
            seconds=time.monotonic() - began,
            figures=dict(stage.figures),
            failures=(),
        )
        return _judged(outcome, scenario.criteria, stage.failures)
    finally:
        sampler.cancel()
        await asyncio.gather(sampler, return_exceptions=True)
        await crowd.close()


def broken(scenario: Scenario, error: Exception) -> Outcome:
    """Return the outcome of a scenario that could not be run to its end."""
    return replace(_empty(scenario), failures=(f"did not run to its end: {error!r}",))


def skipped(scenario: Scenario, reason: Skipped) -> Outcome:
    """Return the outcome of a scenario that cannot run here."""
    return replace(_empty(scenario), skipped=str(reason))


def _empty(scenario: Scenario) -> Outcome:
    nothing = Verdict(sent=0, acknowledged=0, stored=0, deliveries=0, faults={})
    return Outcome(scenario.name, nothing, 0, 0, None, 0, 0, "", 0, 0, 0, {}, ())


def _judged(outcome: Outcome, criteria: Criteria, failures: list[str]) -> Outcome:
    """Return the outcome with everything in which it fails."""
    found = [f"{count} {fault}" for fault, count in outcome.verdict.faults.items()]
    bounds = (
        ("others waited", outcome.others_seconds, criteria.others_seconds, "s"),
        ("memory grew by", outcome.memory_mib, criteria.memory_mib, "MiB"),
        (f"{outcome.line} came", float(outcome.lines_a_minute), float(criteria.lines_a_minute), "times a minute"),
    )
    found += [f"{what} {value:.1f} {unit} (at most {limit:g})" for what, value, limit, unit in bounds if value > limit]
    if not outcome.files:
        found.append("no file was sent")
    if outcome.recovery_seconds is None:
        found.append("not all came back")
    elif outcome.recovery_seconds > criteria.recovery_seconds:
        found.append(f"all were back after {outcome.recovery_seconds:.1f} s (at most {criteria.recovery_seconds:g})")
    if criteria.refusals is not None and outcome.refusals > criteria.refusals:
        found.append(f"{outcome.refusals} sends were refused (at most {criteria.refusals})")
    return replace(outcome, failures=(*found, *failures))
