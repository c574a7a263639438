"""Some clients have a delay of half a second in each direction and lose half of their packets."""

from __future__ import annotations

from contextlib import AsyncExitStack

from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.chaos.tcp_proxy import TcpProxy

LASTING_SECONDS = 30.0
DELAY_SECONDS = 0.25
"""In each direction."""
RESEND_SECONDS = 0.6
"""TCP sends a lost packet again after one round trip and a little more."""
SUFFERERS = 3


async def fault(stage: Stage) -> None:
    sufferers = stage.members_at(stage.b)[:SUFFERERS]
    stage.concern(sufferers)
    async with AsyncExitStack() as stack:
        for member in sufferers:
            proxy = TcpProxy(stage.b.port, delay=DELAY_SECONDS, loss=0.5, resend=RESEND_SECONDS)
            await stack.enter_async_context(proxy)
            direct, member.places = member.places, [("127.0.0.1", proxy.port)]
            stack.callback(setattr, member, "places", direct)
            member.disconnect()
        await stage.last(LASTING_SECONDS)


SCENARIO = Scenario("client-slow-and-lossy", "Clients with 500 ms of delay that lose half their packets", fault)
