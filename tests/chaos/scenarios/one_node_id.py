"""Two processes run with one node id: nothing is lost, and the site says so."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.stage import Stage
from tests.support.cluster import Node
from tests.support.monitoring import metrics

LEASE_SECONDS = 3.0
LASTING_SECONDS = 12.0
_EVENT = "node_id_used_twice"


async def fault(stage: Stage) -> None:
    options = {name: value for name, value in stage.a.options.items() if name not in ("IM_NODE_ID", "IM_GRPC_PORT")}
    twin = Node(stage.a.name, stage.a.data, database_url=stage.a.database_url, options=options)
    twin.log = stage.a.data / "twin.log"
    try:
        await asyncio.to_thread(twin.start)
        for member in stage.members_at(stage.b):
            member.places = [("127.0.0.1", twin.port)]
            member.disconnect()
        await stage.last(LASTING_SECONDS)
        told = [node.name for node in (stage.a, twin) if _EVENT in node.log.read_text()]
        counted = [await asyncio.to_thread(metrics, node.url) for node in (stage.a, twin)]
        if not told or not any(values["imsite_node_id_used_twice"] for values in counted):
            stage.fail("no node says that its id is used twice")
    finally:
        for member in stage.members_at(twin):
            member.places = [("127.0.0.1", stage.b.port)]
        if twin.process is not None:
            await asyncio.to_thread(twin.stop)
    await stage.last(2 * LEASE_SECONDS)
    if (await asyncio.to_thread(metrics, stage.a.url))["imsite_node_id_used_twice"]:
        stage.fail("the node still says so when it is over")


SCENARIO = Scenario(
    "one-node-id",
    "Two live processes have the same node id",
    fault,
    Criteria(others_seconds=BY_LOG_SECONDS),
    options={"IM_NODE_LEASE_SECONDS": str(LEASE_SECONDS)},
)
