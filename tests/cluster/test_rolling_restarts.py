"""Nodes restart in turn under load: no message is lost or repeated, and clients reconnect spread over time.

`make chaos` restarts nodes 20 times. `ROLLING_RESTARTS=20` does so here.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from typing import Any

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.accounts import register
from tests.support.client import Client, Closed
from tests.support.waiting import TIMEOUT_SECONDS

RESTARTS = int(os.environ.get("ROLLING_RESTARTS", "6"))
PEOPLE = 16
PACE = 0.1
"""Seconds between two messages of a user."""
LINKS_LOST = (Closed, TimeoutError, OSError)
"""A refusal by nginx is not among them: some node always accepts connections."""


class Person:
    """A user who sends all the time, reconnects when told to, and retries unacknowledged messages."""

    def __init__(self, name: str, token: str, url: str) -> None:
        self.name, self.token, self.url = name, token, url
        self.client: Client
        self.position: int | None = None
        self.acknowledged: dict[str, int] = {}
        """The number of each acknowledged message."""
        self.pushed: list[int] = []
        """Numbers of the group's pushed messages, in order of arrival."""
        self.known: set[int] = set()
        """These, and messages from `sync` (which may repeat pushes since the login) and from replies."""
        self.hints: list[float] = []
        self.group = ""

    async def come(self) -> None:
        """Log in through nginx, with as many attempts as it takes, and fetch missed events."""
        while True:
            try:
                self.client = await Client.connect(self.url)
                reply = await self.client.login_token(self.token, after=self.position)
                if self.position is None:
                    self.position = reply["position"]
                else:
                    await self._sync()
                return
            except LINKS_LOST:
                await asyncio.sleep(0.1)

    async def _sync(self) -> None:
        more = True
        while more:
            page = await self.client.call("sync", after=self.position)
            assert not page.get("reset")
            for event in page["events"]:
                self._know(event["response"]["data"])
            self.position, more = page["position"], page["hasMore"]
        self.note()

    def note(self) -> None:
        """Record the received messages and the position, as clients do."""
        for envelope in self.client.received:
            if envelope.code == 200 and envelope.cmd in {"msg", "message.send"}:
                self._know(envelope.data)
                if envelope.cmd == "msg" and envelope.data["target"] == self.group:
                    self.pushed.append(envelope.data["seq"])
                    self.position = max(self.position or 0, envelope.data["position"])
        self.client.received.clear()
        self.client.inbox.clear()

    def _know(self, data: dict[str, Any]) -> None:
        if data["target"] == self.group and "seq" in data:
            self.known.add(data["seq"])

    async def talk(self, enough: asyncio.Event) -> None:
        number = 0
        while not enough.is_set():
            text = f"{self.name} {number}"
            try:
                reply = await self.client.call(
                    "message.send", target=self.group, type="text", msg=text, clientMsgId=text
                )
            except LINKS_LOST:
                await self._return()
                continue
            self.acknowledged[text] = reply["seq"]
            number += 1
            await asyncio.sleep(PACE)

    async def _return(self) -> None:
        await self.client.closed()
        self.note()
        hint = re.fullmatch(r"retry in (\d+\.\d)s", self.client.close_reason)
        assert hint, (await self.client.closed(), self.client.close_reason)
        self.hints.append(float(hint[1]))
        await asyncio.sleep(self.hints[-1])
        await self.come()

    async def has_all(self, numbers: set[int]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not numbers <= self.known:
                self.note()
                await asyncio.sleep(0.01)


@pytest.mark.each_database
async def test_restarting_node_after_node_loses_nothing(cluster_factory: ClusterFactory) -> None:
    with cluster_factory(front=True) as cluster:
        names = [f"person{number}" for number in range(PEOPLE)]
        tokens = await asyncio.to_thread(register, cluster.nodes[0], names)
        people = [Person(name, tokens[name], cluster.acc) for name in names]
        await asyncio.gather(*(person.come() for person in people))
        made = await people[0].client.call("channel.create", kind="public", name="Rolling", members=names[1:])
        for person in people:
            person.group = made["target"]
        enough = asyncio.Event()
        talks = [asyncio.create_task(person.talk(enough)) for person in people]
        sent_away: list[list[float]] = []
        for number in range(RESTARTS):
            before = Counter({person.name: len(person.hints) for person in people})
            await asyncio.to_thread(cluster.nodes[number % 2].restart)
            await _all_say(people, 3)
            sent_away.append([hint for person in people for hint in person.hints[before[person.name] :]])
        enough.set()
        await asyncio.gather(*talks)

        acknowledged = {text: seq for person in people for text, seq in person.acknowledged.items()}
        everything = set(range(1, len(acknowledged) + 1))
        assert set(acknowledged.values()) == everything, "each has a number of its own, and there are no others"
        for person in people:
            await person.has_all(everything)
            assert person.pushed == sorted(set(person.pushed)), f"{person.name} got some again, or out of order"
            await person.client.close()
        assert sum(map(len, sent_away)) >= RESTARTS
        for hints in sent_away:
            assert len(hints) < 4 or len(set(hints)) > 1, f"all come back at once: {hints}"


async def _all_say(people: list[Person], more: int) -> None:
    """Wait until every user, including the disconnected ones, has some more acknowledged messages."""
    wanted = {person.name: len(person.acknowledged) + more for person in people}
    async with asyncio.timeout(60):
        while any(len(person.acknowledged) < wanted[person.name] for person in people):  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.02)
