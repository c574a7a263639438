"""`/system/state`: what this process is doing, for operators."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chat.api import parameters
from chat.api.call import Call, answer
from delivery import publish


class SystemState(Call):
    permission = "chat.view_state"

    def get(self, request: Request) -> Response:
        """Tasks, processors and connections; with `isDebug=true` the clients' addresses and who is on which app."""
        debug = parameters.text(request, "isDebug").lower() == "true"
        state = publish.on_loop(_state) if publish.running() else State()
        manager: dict[str, Any] = {
            "clientsLen": len(state.clients),
            "usersLen": len(state.users),
            # A hub has no queues for coming, going and sending.
            "chanRegisterLen": 0,
            "chanLoginLen": state.logging_in,
            "chanUnregisterLen": 0,
            "chanBroadcastLen": 0,
        }
        if debug:
            manager |= {"clients": state.clients, "users": [f"{app}_{name}" for app, _, name in sorted(state.users)]}
        return answer({"numGoroutine": state.tasks, "numCPU": os.cpu_count() or 1, "managerInfo": manager})


@dataclass(slots=True)
class State:
    """`clients`: the address of each connection; `users`: app, id and name of everybody on an app."""

    tasks: int = 0
    logging_in: int = 0
    clients: list[str] = field(default_factory=list)
    users: set[tuple[int, int, str]] = field(default_factory=set)


def _state() -> State:
    """On the event loop."""
    connections = publish.hub().connections.values()
    known = [(one, one.person) for one in connections if one.person is not None]
    return State(
        tasks=len(asyncio.all_tasks()),
        logging_in=sum(not one.attached for one, _ in known),
        clients=[one.address for one in connections],
        users={(one.app, person, one.name) for one, person in known if one.attached},
    )
