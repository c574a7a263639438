"""Devices of both codecs connect, send, and are cut off in any order: each receives what the rows contain.

Hypothesis searches for an order in which this fails.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

import pytest
from django.conf import Settings
from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from accounts.actions import token_issue
from accounts.models import User
from chat import selectors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.member import member_invite, member_leave, member_remove
from chat.consumers import protobuf_consumer
from chat.models import Channel, Membership, Message
from chat.sending.writer import commit
from delivery import log
from delivery.db.executors import run
from delivery.log import Entry
from tests.support.devices import Device, JsonDevice, ProtobufDevice, SentMessage
from tests.support.expected_events import ExpectedEvents, assert_gap_free
from tests.support.group_scenario import wait_for_hub
from tests.support.in_process import LocalNode, create_global_channel, create_users, draft, running_node

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "15"))
STEPS = int(os.environ.get("MACHINE_STEPS", "40"))

T = TypeVar("T")
names = itertools.count(1)
devices = st.integers(0, 5)
one_or_two = st.integers(0, 1)


class World:
    """Alice's two groups with Bob and Carol, and the private channel of those two. Each user has devices of both
    codecs.
    """

    def __init__(self) -> None:
        number, self._start = next(names), log.head()
        self.alice, self.bob, self.carol = create_users(*(f"{name}{number}" for name in ("alice", "bob", "carol")))
        members = [self.bob.username, self.carol.username]
        self.groups = [
            channel_create_group(creator=self.alice, name="invite", members=members, join="invite"),
            channel_create_group(creator=self.alice, name="open", members=members, join="open", listed=True),
        ]
        self.channels = [*self.groups, channel_create_private(creator=self.bob, other=self.carol)[0]]
        self.gadgets: list[Device] = []
        for user in (self.bob, self.carol):
            # The server keeps by token which messages were received, so each device has its own token.
            self.gadgets += [
                device(user, token_issue(user=user)) for device in (ProtobufDevice, ProtobufDevice, JsonDevice)
            ]

    def oracle(self, user: User) -> ExpectedEvents:
        """Return all that this user may know of this world."""
        return ExpectedEvents.of(user, after=self._start)

    def oracles(self) -> dict[int, ExpectedEvents]:
        return {user.pk: self.oracle(user) for user in (self.bob, self.carol)}

    def other(self, user: User) -> User:
        return self.carol if user == self.bob else self.bob

    def is_in(self, user: User, group: Channel) -> bool:
        return Membership.objects.filter(user=user, channel=group, until_position=None).exists()

    def elsewhere(self, user: User) -> set[int]:
        """Return positions of messages in groups that the user is not in now."""
        out = [group for group in self.groups if not self.is_in(user, group)]
        return set(Message.objects.filter(channel__in=out).values_list("position", flat=True))


def is_anyone_connected(machine: Machine) -> bool:
    return any(gadget.connected for gadget in machine.world.gadgets)


class Machine(RuleBasedStateMachine):
    """Sends run concurrently with all other steps; memberships change one at a time."""

    runner: ClassVar[asyncio.Runner]
    site: ClassVar[LocalNode]

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.world = self.do(run(World))
        self.texts = itertools.count(1)

    # -- devices --------------------------------------------------------------------------------------------------

    def pick(self, device: int, *, connected: bool = True) -> Device:
        """Pick a device that is connected, or one that is not."""
        gadgets = [gadget for gadget in self.world.gadgets if gadget.connected is connected]
        return gadgets[device % len(gadgets)]

    @precondition(lambda self: not all(gadget.connected for gadget in self.world.gadgets))
    @rule(device=devices)
    def login(self, device: int) -> None:
        self.do(self._login(self.pick(device, connected=False)))

    async def _login(self, gadget: Device) -> None:
        await gadget.login()
        if isinstance(gadget, ProtobufDevice):
            # Where nothing is missing, the login counts as a Sync: it looks at the same channels.
            gadget.excuse(await run(self.world.elsewhere, gadget.user))

    @precondition(is_anyone_connected)
    @rule(device=devices, all_pages=st.sampled_from([True, True, False]))
    def sync(self, device: int, all_pages: bool) -> None:
        self.do(self._sync(self.pick(device), all_pages=all_pages))

    async def _sync(self, gadget: Device, *, all_pages: bool) -> None:
        await gadget.sync(all_pages=all_pages)
        if isinstance(gadget, ProtobufDevice):
            gadget.excuse(await run(self.world.elsewhere, gadget.user))

    @precondition(is_anyone_connected)
    @rule(device=devices, channel=st.integers(0, 2), keyed=st.booleans(), count=st.sampled_from([1, 1, 3]))
    def send(self, device: int, channel: int, keyed: bool, count: int) -> None:
        gadget = self.pick(device)
        peer = self.world.other(gadget.user).pk
        for _ in range(count):
            text = f"{gadget.user.username} {next(self.texts)}"
            gadget.lines.append(SentMessage(text, self.world.channels[channel], peer, keyed))
            self.do(gadget.put(gadget.lines[-1]))

    @precondition(is_anyone_connected)
    @rule(device=devices, which=st.integers(0, 20), times=st.sampled_from([1, 2]))
    def retry(self, device: int, which: int, times: int) -> None:
        gadget = self.pick(device)
        lines = [line for line in gadget.lines if gadget.may_repeat(line)]
        for _ in range(times if lines else 0):
            self.do(gadget.put(lines[-1 - which % len(lines)]))

    @precondition(is_anyone_connected)
    @rule(device=devices, turns=st.sampled_from([0, 3, 30]))
    def drop(self, device: int, turns: int) -> None:
        """Cut the connection after this many loop iterations."""
        gadget = self.pick(device)
        self.do(self._drop(gadget, turns))
        gadget.check(self.do(run(self.world.oracle, gadget.user)))

    async def _drop(self, gadget: Device, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await gadget.drop()

    # -- groups ---------------------------------------------------------------------------------------------------

    @rule(group=one_or_two, count=st.sampled_from([1, 1, 1, 3, 70]))
    def alice_speaks(self, group: int, count: int) -> None:
        channel = self.world.groups[group]
        said = [draft(self.world.alice, channel, f"{self.world.alice} {next(self.texts)}") for _ in range(count)]
        self.do(run(commit, said))

    @rule(person=one_or_two, group=one_or_two)
    def kick(self, person: int, group: int) -> None:
        user, channel = (self.world.bob, self.world.carol)[person], self.world.groups[group]
        if self.do(run(self.world.is_in, user, channel)):
            self.do(run(lambda: member_remove(user=self.world.alice, channel_id=channel.pk, name=user.username)))

    @rule(person=one_or_two, group=one_or_two)
    def leave(self, person: int, group: int) -> None:
        user, channel = (self.world.bob, self.world.carol)[person], self.world.groups[group]
        if self.do(run(self.world.is_in, user, channel)):
            self.do(run(lambda: member_leave(user=user, channel_id=channel.pk)))

    @rule(person=one_or_two, group=one_or_two)
    def rejoin(self, person: int, group: int) -> None:
        user, channel = (self.world.bob, self.world.carol)[person], self.world.groups[group]
        if not self.do(run(self.world.is_in, user, channel)):
            names = [user.username]
            self.do(run(lambda: member_invite(user=self.world.alice, channel_id=channel.pk, names=names)))

    # -- invariants -----------------------------------------------------------------------------------------------

    @precondition(is_anyone_connected)
    @rule()
    def look(self) -> None:
        """Check that a connected and synced device has everything that was stored before."""
        owed = self.do(run(self.world.oracles))
        self.do(self._settle())
        now = self.do(run(self.world.oracles))
        for gadget in self.world.gadgets:
            if gadget.synced:
                gadget.check(now[gadget.user.pk], owed[gadget.user.pk])

    async def _settle(self) -> None:
        await wait_for_hub(self.site)
        for gadget in self.world.gadgets:
            await gadget.settle()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for gadget in self.world.gadgets:
            if not gadget.connected:
                self.do(self._login(gadget))
            self.do(self._sync(gadget, all_pages=True))
        owed = self.do(run(self.world.oracles))
        self.do(self._settle())
        for gadget in self.world.gadgets:
            self.do(gadget.drop())
        now = self.do(run(self.world.oracles))
        for gadget in self.world.gadgets:
            gadget.check(now[gadget.user.pk], owed[gadget.user.pk])
        self.do(run(assert_once, self.world.gadgets))


def assert_once(gadgets: Sequence[Device]) -> None:
    """Check that nothing is stored twice, and that acknowledged messages are stored at their reported positions."""
    for gadget in gadgets:
        stored = Message.objects.filter(text__in=[line.text for line in gadget.lines]).values_list("text", "position")
        assert len(stored) == len(dict(stored))
        acknowledged = {line.text: line.position for line in gadget.lines if line.position}
        assert acknowledged.items() <= dict(stored).items()


@pytest.fixture
def machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Machine]]:
    """Return the machine on a node that loses announcements now and then."""
    settings.IM_EVENT_LOG_POLL_INTERVAL = 0.05  # type: ignore[attr-defined]
    settings.IM_OUTBOX_WINDOW_SECONDS = 0.002  # type: ignore[attr-defined]
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)
    monkeypatch.setattr(selectors, "REPLAY_PAGE_SIZE", 20)

    async def open_site(stack: AsyncExitStack) -> LocalNode:
        await run(create_global_channel)
        site = await stack.enter_async_context(running_node())
        offer, announced = site.hub.receive, itertools.count(1)

        def offer_most(entries: Sequence[Entry]) -> None:
            if next(announced) % 3:
                offer(entries)

        monkeypatch.setattr(site.hub, "receive", offer_most)
        return site

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        site = runner.run(open_site(stack))
        yield type("Running", (Machine,), {"runner": runner, "site": site})
        runner.run(stack.aclose())


def test_every_device_gets_what_the_rows_contain(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=examples(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    machine.runner.run(run(assert_gap_free))
