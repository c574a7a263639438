"""`/system/state`: the state of the cluster, for operators."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.selectors.users import apps_enabled
from chat.api.legacy import parameters
from chat.api.legacy.call import LegacyCallView, answer
from chat.api.legacy.openapi import NUMBER, TEXT, form_call, object_schema, text_fields
from chat.node.lifecycle import running_node
from delivery import publish
from delivery.event_loop import run_on_loop
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

_MANAGER = object_schema(
    clientsLen=NUMBER,
    usersLen=NUMBER,
    chanRegisterLen=NUMBER,
    chanLoginLen=NUMBER,
    chanUnregisterLen=NUMBER,
    chanBroadcastLen=NUMBER,
)
_MANAGER["properties"] |= {"clients": text_fields(), "users": text_fields()}


class SystemStateView(LegacyCallView):
    permission = "chat.view_state"

    @form_call(
        "State of the cluster",
        tag="operators",
        gives=object_schema(numGoroutine=NUMBER, numCPU=NUMBER, managerInfo=_MANAGER),
        got={"numGoroutine": 24, "numCPU": 2, "managerInfo": dict.fromkeys(_MANAGER["required"], 0)},
        optional={"isDebug"},
        isDebug=("`true`: clients' addresses and users' names as well.", TEXT, "true"),
    )
    def get(self, request: Request) -> Response:
        """Connections and users of all nodes; with `isDebug=true` also the clients' addresses and the users of each
        app.

        Tasks and processors are those of this node. For a node that does not answer, the connections it last reported
        are counted, and its addresses are missing.
        """
        debug = parameters.text(request, "isDebug").lower() == "true"
        apps = [app.number for app in apps_enabled()]
        state = run_on_loop(lambda: _state(apps, debug=debug)) if publish.is_running() else ClusterState()
        manager: dict[str, Any] = {
            "clientsLen": state.connections,
            "usersLen": state.persons,
            # The hub has no such queues.
            "chanRegisterLen": 0,
            "chanLoginLen": state.logging_in,
            "chanUnregisterLen": 0,
            "chanBroadcastLen": 0,
        }
        if debug:
            manager |= {"clients": state.addresses, "users": state.users}
        return answer({"numGoroutine": state.tasks, "numCPU": os.cpu_count() or 1, "managerInfo": manager})


@dataclass(slots=True)
class ClusterState:
    """State of the cluster. `addresses` (of connections) and `users` (app and name) are filled only with `debug`."""

    tasks: int = 0
    connections: int = 0
    logging_in: int = 0
    persons: int = 0
    addresses: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


async def _state(apps: Sequence[int], *, debug: bool) -> ClusterState:
    """Collect the state, on the event loop. A node that does not answer is counted by its last report."""
    hub, node = publish.hub(), running_node()
    local_connections = hub.connections.values()
    state = ClusterState(
        tasks=len(asyncio.all_tasks()),
        connections=len(local_connections),
        logging_in=sum(
            connection.user_id is not None and not connection.is_attached for connection in local_connections
        ),
        addresses=[connection.address for connection in local_connections] if debug else [],
    )
    if node is not None and node.cluster is not None and (peers := node.cluster.peers) is not None:
        answers = await peers.call_all(lambda node: peers.state(node, addresses=debug))
        for name, other in answers.results.items():
            log_recovery(logger, "node_state_incomplete", node=name)
            state.connections += other.connections
            state.logging_in += other.logging_in
            state.addresses += other.addresses
        live = node.cluster.nodes.live()
        for name, reason in answers.failed.items():
            logger.warning("node_state_incomplete", extra={"node": name, "error": reason})
            state.connections += live[name].connections if name in live else 0
    for app in apps:
        if debug:
            state.users += [f"{app}_{name}" for name in (await hub.presence.list_online(app)).values()]
        else:
            state.persons += await hub.presence.count_online(app)
    state.persons = state.persons or len(state.users)
    return state
