"""`kill -9` of one node under load: its people come to the other through nginx, and nothing is lost or said twice."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import closing
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake

from tests.cluster.conftest import ClusterFactory
from tests.support.client import Closed
from tests.support.eventually import eventually
from tests.support.observe import ask, connections
from tests.support.people import Account, People, Person
from tests.support.twins import Twins

pytestmark = pytest.mark.postgres

PEOPLE = int(os.environ.get("CLUSTER_PEOPLE", "12"))
SENDS_EACH = int(os.environ.get("CLUSTER_SENDS_EACH", "100"))
LEASE = float(os.environ.get("CLUSTER_LEASE", "3"))
"""Seconds; in production 15."""
IN_FLIGHT = 4
PATIENCE = 60.0


class Talker:
    """Somebody who has things to say in a group, and goes on after every cut where they were."""

    def __init__(self, people: People, account: Account, acc: str) -> None:
        self.name = account.name
        self._people, self._account, self._acc = people, account, acc
        self.group = ""
        self.position: int | None = None
        self.to_say = [f"{account.name} {number}" for number in range(SENDS_EACH)]
        self.acknowledged: dict[str, tuple[str, int]] = {}
        """Id and number, by clientMsgId."""
        self.seen: dict[int, str] = {}
        """Texts by number, of whatever way they came."""
        self.client: Person
        self.cuts = 0
        self.failures: list[str] = []
        """Of attempts to come."""

    async def come(self) -> None:
        """Log in through nginx, however often it takes, and catch up from the position told last."""
        while True:
            try:
                self.client = await self._people.login(self._account, at=self._acc, after=self.position)
                if self.position is not None:
                    await self._catch_up()
                return
            except (OSError, InvalidHandshake, EOFError, Closed) as error:
                self.failures.append(repr(error))
                await asyncio.sleep(0.05)

    async def _catch_up(self) -> None:
        more = True
        while more:
            page = await self.client.call("sync", after=self.position)
            assert not page.get("reset")
            for event in page["events"]:
                self._see(event["cmd"], event["response"]["data"])
            self.position, more = page["position"], page["hasMore"]

    async def talk(self) -> None:
        """Say everything, the same again under the same id where no answer came."""
        while missing := [text for text in self.to_say if text not in self.acknowledged]:
            try:
                for start in range(0, len(missing), IN_FLIGHT):
                    await asyncio.gather(*map(self._say, missing[start : start + IN_FLIGHT]))
                    self._take_in()
                    self.position = (await self.client.call("heartbeat"))["position"]
            except Closed:
                self._take_in()
                self.cuts += 1
                await self.come()

    async def _say(self, text: str) -> None:
        reply = await self.client.call("message.send", target=self.group, type="text", msg=text, clientMsgId=text)
        self.acknowledged[text] = (reply["id"], reply["seq"])
        self.seen[reply["seq"]] = text

    def _take_in(self) -> None:
        """Note what was pushed; within one connection each number comes once, in order."""
        last = 0
        for item in self.client.received:
            # Answers are left out: that to a repeated send tells of a message of long ago.
            if item.cmd == "msg" and item.data["target"] == self.group:
                assert item.data["seq"] > last
                last = item.data["seq"]
                self._see(item.cmd, item.data)

    def _see(self, cmd: str, data: dict[str, Any]) -> None:
        if cmd == "msg" and data["target"] == self.group:
            assert self.seen.setdefault(data["seq"], data["msg"]) == data["msg"]

    async def hear(self, count: int) -> None:
        """Wait until all of it has come."""
        self._take_in()
        while len(self.seen) < count:
            known = len(self.client.received)
            await self.client.until(lambda known=known: len(self.client.received) > known)  # type: ignore[misc]
            self._take_in()


async def test_a_killed_node_costs_nobody_a_message(cluster_factory: ClusterFactory) -> None:
    with cluster_factory(front=True, IM_NODE_LEASE=str(LEASE)) as cluster, closing(Twins(cluster)) as twins:
        people = People(twins.town)
        try:
            talkers = [
                Talker(people, twins.town.account(("alice", "bob")[number % 2]), cluster.acc)
                for number in range(PEOPLE)
            ]
            for talker in talkers:
                await talker.come()
            ghost = await people.login(twins.town.account("dave"), at=twins.b.acc)
            group = await talkers[0].client.group(*(talker.client for talker in talkers[1:]))
            for talker in talkers:
                talker.group = group
                await talker.client.push("channel.note", target=group)
                talker.position = (await talker.client.call("heartbeat"))["position"]
            assert connections(twins.a) >= PEOPLE // 3 and connections(twins.b) >= PEOPLE // 3

            async with asyncio.timeout(PATIENCE):
                talk = [asyncio.create_task(talker.talk()) for talker in talkers]
                await eventually(lambda: sum(len(one.acknowledged) for one in talkers) >= PEOPLE * SENDS_EACH // 4)
                twins.b.kill()
                assert not all(task.done() for task in talk), "they had said everything before"
                async with asyncio.timeout(LEASE + 2):
                    while await asyncio.to_thread(_online, twins, ghost.name):  # noqa: ASYNC110  nothing tells
                        await asyncio.sleep(0.05)
                await asyncio.gather(*talk)
                for talker in talkers:
                    await talker.hear(PEOPLE * SENDS_EACH)

            cut = [talker for talker in talkers if talker.cuts]
            assert len(cut) >= PEOPLE // 3
            # None is left behind of those who tried to come in vain.
            await asyncio.to_thread(_until_connected, twins, PEOPLE, [talker.failures for talker in cut])
            shown = await talkers[0].client.call("presence.list")
            assert {one["userId"] for one in shown["online"]} == {talker.name for talker in talkers}
            stored = await _history(talkers[0].client, group)
            assert sorted(stored.values()) == sorted(text for talker in talkers for text in talker.to_say)
            for talker in talkers:
                assert talker.seen == stored
                again = await talker.client.call(
                    "message.send", target=group, type="text", msg=talker.to_say[0], clientMsgId=talker.to_say[0]
                )
                assert (again["id"], again["seq"]) == talker.acknowledged[talker.to_say[0]]
        finally:
            for client in people.clients:
                await client.close()


def _until_connected(twins: Twins, count: int, failures: list[list[str]]) -> None:
    """Wait until so many are connected to node `a`."""
    deadline = time.monotonic() + 10
    while (now := connections(twins.a)) != count:
        assert time.monotonic() < deadline, f"{now} connections; failures: {failures}"
        time.sleep(0.05)


def _online(twins: Twins, name: str) -> bool:
    answer = json.loads(ask(f"{twins.a.url}/user/online?userID={name}").text)
    return bool(answer["data"]["online"])


async def _history(client: Person, target: str) -> dict[int, str]:
    """All that stands there, text by number."""
    found: dict[int, str] = {}
    more = True
    while more:
        page = await client.call("message.history", target=target, after=max(found, default=0), limit=100)
        found |= {message["seq"]: message["msg"] for message in page["messages"]}
        more = page["hasMore"]
    return found
