"""A cluster is upgraded while it serves: nodes of the earlier version run beside migrated tables and new nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from tests.chaos.own_postgres import use_database
from tests.chaos.scenario import Scenario, Skipped
from tests.chaos.stage import Stage
from tests.support import postgres
from tests.support.cluster import Cluster
from tests.support.commands import ROOT
from tests.support.earlier_version import NoHistory, extract_earlier_version
from tests.support.run_directory import new_directory

MIGRATIONS = 3
"""Commits with migrations between the two versions, at least."""
LASTING_SECONDS = 8.0
LONGEST_WAIT_SECONDS = 15.0
_DATABASE = "chaos_earlier_version"


@asynccontextmanager
async def around(cluster: Cluster) -> AsyncIterator[None]:
    """Let all nodes start with the earlier code, on a database that this code has set up."""
    code = new_directory("earlier")
    try:
        await asyncio.to_thread(extract_earlier_version, code, migrations=MIGRATIONS)
    except NoHistory as error:
        raise Skipped(str(error)) from None
    with postgres.database(_DATABASE) as url:
        use_database(cluster, url)
        for node in cluster.nodes:
            node.code = code
        await asyncio.to_thread(cluster.nodes[0].manage, "setup")
        yield


async def fault(stage: Stage) -> None:
    """Migrate, and replace one node after the other, as the guide says."""
    began = time.monotonic()
    everybody = {member.login.name for member in stage.crowd.members}
    earlier = await asyncio.to_thread(_applied, stage)
    stage.b.code = ROOT
    await asyncio.to_thread(stage.b.manage, "setup")
    await stage.last(LASTING_SECONDS)
    stage.add("migrations", await asyncio.to_thread(_applied, stage) - earlier)
    if stage.figures["migrations"] == "0":
        stage.fail("the earlier version has the same tables")
    stage.add("longest wait while tables were migrated", stage.crowd.longest_wait(began, everybody), "s", 1.0)
    stage.concern_everybody()
    for node in (stage.b, stage.a):
        node.code = ROOT
        await asyncio.to_thread(node.restart)
        await stage.last(LASTING_SECONDS)
    stage.add("longest wait", stage.crowd.longest_wait(began, everybody), "s", LONGEST_WAIT_SECONDS)


def _applied(stage: Stage) -> int:
    """Return the number of migrations that the database has."""
    with psycopg.connect(stage.a.database_url) as session:
        return int(session.execute("SELECT count(*) FROM django_migrations").fetchall()[0][0])


SCENARIO = Scenario(
    "rolling-upgrade",
    "tables are migrated under load, and new nodes replace earlier ones",
    fault,
    around=around,
)
