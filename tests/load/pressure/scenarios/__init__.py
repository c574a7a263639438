"""All scenarios, at full size and at the size of a quick look."""

from __future__ import annotations

from collections.abc import Sequence

from tests.load.pressure.scenario import Scenario
from tests.load.pressure.scenarios.broadcast import Broadcast
from tests.load.pressure.scenarios.gateway import Gateway
from tests.load.pressure.scenarios.hot_channel import HotChannel
from tests.load.pressure.scenarios.idle import Idle
from tests.load.pressure.scenarios.logins import Logins
from tests.load.pressure.scenarios.many_rooms import ManyRooms
from tests.load.pressure.scenarios.mixed_day import MixedDay
from tests.load.pressure.scenarios.page import PageSpeed
from tests.load.pressure.scenarios.page_memory import PageMemoryOverDay
from tests.load.pressure.scenarios.protobuf_group import ProtobufGroup
from tests.load.pressure.scenarios.reconnect_storm import ReconnectStorm
from tests.load.pressure.scenarios.single_messages import SingleMessages

FULL: Sequence[Scenario] = (
    Idle(),
    Logins(),
    ReconnectStorm(),
    ReconnectStorm(name="restart", members=10_000),
    HotChannel(),
    HotChannel(batch=True, rate=3300, deliveries_goal=1_500_000),
    ProtobufGroup(),
    SingleMessages(),
    ManyRooms(),
    Broadcast(),
    ManyRooms(name="private-pairs", rooms=1000, size=2),
    Gateway(),
    MixedDay(),
    PageSpeed(),
    PageMemoryOverDay(),
)
QUICK: Sequence[Scenario] = (
    Idle(members=20, seconds=1),
    Logins(at_a_time=2, seconds=0.2, accounts=2),
    ReconnectStorm(members=20, size=5, rate=20, talkers=4, talk_seconds=1),
    HotChannel(members=20, senders=5, rate=200, seconds=1),
    HotChannel(members=20, senders=5, rate=200, seconds=1, batch=True),
    ProtobufGroup(members=20, rate=100, seconds=1),
    SingleMessages(messages=10),
    ManyRooms(rooms=4, rate=100, seconds=1),
    Broadcast(members=20, messages=3, rate=10),
    ManyRooms(name="private-pairs", rooms=4, size=2, rate=100, seconds=1, processes=1),
    Gateway(seconds=0.3, online=5, callers=(2,), recipients=3),
    MixedDay(members=20, size=10, messages=200, seconds=2),
    PageSpeed(channels=4, messages=150, visits=1, keys=5),
    PageMemoryOverDay(events=60, minutes=0.02, visits=6, channels=3),
)
