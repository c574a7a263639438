"""A client never reads, while others fill its channels."""

from __future__ import annotations

import asyncio

from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.load import raw_socket
from tests.load.pressure.connection import LoadConnection, Member

LASTING_SECONDS = 25.0
TEXT_LENGTH = 4000
_RECEIVE_BUFFER = 4096


async def fault(stage: Stage) -> None:
    # A second connection of a member; the first one goes on.
    silent = LoadConnection(Member(stage.members_at(stage.b)[0].login))
    await raw_socket.connect(stage.b.port, "/acc", silent, receive_buffer=_RECEIVE_BUFFER)
    silent.pause()
    for member in stage.crowd.members:
        member.stamp_width = TEXT_LENGTH
    await stage.last(LASTING_SECONDS)
    for member in stage.crowd.members:
        member.stamp_width = 0
    silent.resume()
    await asyncio.wait({silent.ended}, timeout=5)
    if not silent.ended.done():
        stage.fail("the client that does not read was not disconnected")
        silent.close()


SCENARIO = Scenario(
    "client-that-never-reads", "A client reads nothing while its channels are full of texts", fault, pause=0.1
)
