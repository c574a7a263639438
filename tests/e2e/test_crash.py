"""`kill -9` of the server during 2,000 sends from 50 connections: no acknowledged message is lost or repeated."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_PEOPLE = 50
_SENDS_EACH = 40
_IN_FLIGHT = 8
_KILL_AT = (400, 1200)
"""Acknowledged messages after which the server is killed. Few are in flight, so the burst is still running then."""

Answer = tuple[str, int]
"""The id and the number in an acknowledgement."""


class Person:
    """A user with a list of messages, who continues after every crash."""

    def __init__(self, name: str, token: str, targets: list[str]) -> None:
        self.name = name
        self.token = token
        self.position: int | None = None
        self.to_say = {f"{name}-{number}": targets[number % len(targets)] for number in range(_SENDS_EACH)}
        self.acknowledged: dict[str, Answer] = {}
        """The acknowledgement of each message, by clientMsgId."""
        self.seen: dict[int, dict[str, Any]] = {}
        """Messages of the group by position, from pushes and from `sync`."""
        self.client: Client

    async def come(self, site: Site) -> None:
        """Log in, from the last reported position if there is one, and sync completely."""
        self.client = await Client.connect(site.acc)
        reply = await self.client.login_token(self.token, after=self.position)
        if self.position is None:
            self.position = reply["position"]
            return
        more = True
        while more:
            page = await self.client.call("sync", after=self.position)
            assert not page.get("reset")
            for event in page["events"]:
                if event["cmd"] == "msg":
                    self._see(event["response"]["data"])
            self.position, more = page["position"], page["hasMore"]

    async def say_everything(self, acknowledged: Callable[[], None] = lambda: None) -> None:
        """Send unacknowledged messages, a few at a time, under the same ids as before. Ends early on a disconnect."""
        waiting = iter([key for key in self.to_say if key not in self.acknowledged])

        async def worker() -> None:
            for key in waiting:
                self.acknowledged[key] = await self.say(key)
                acknowledged()
                if len(self.acknowledged) % 5 == 0:
                    await self.note_position()

        await asyncio.gather(*(worker() for _ in range(_IN_FLIGHT)), return_exceptions=True)

    async def say(self, key: str) -> Answer:
        reply = await self.client.call("message.send", target=self.to_say[key], type="text", msg=key, clientMsgId=key)
        return reply["id"], reply["seq"]

    def take_pushes(self, group: str) -> None:
        for envelope in self.client.inbox:
            if envelope.cmd == "msg" and envelope.data["target"] == group:
                self._see(envelope.data)
        self.client.inbox.clear()

    def has_all_of(self, group: str) -> bool:
        """Return whether every message of the group has arrived by push, by `sync`, or as a reply."""
        self.take_pushes(group)
        own = {self.acknowledged[key][1] for key, target in self.to_say.items() if target == group}
        seen = {message["seq"] for message in self.seen.values()}
        return own | seen == set(range(1, _PEOPLE * _SENDS_EACH // 2 + 1))

    async def note_position(self) -> int:
        """Record the last processed position, as every client does."""
        position: int = (await self.client.call("heartbeat"))["position"]
        self.position = position
        return position

    def _see(self, data: dict[str, Any]) -> None:
        before = self.seen.setdefault(data["position"], data)
        assert (before["id"], before["seq"]) == (data["id"], data["seq"])


async def _whole_history(client: Client, target: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    more = True
    while more:
        page = await client.call(
            "message.history", target=target, after=messages[-1]["seq"] if messages else 0, limit=100
        )
        messages += page["messages"]
        more = page["hasMore"]
    return messages


@pytest.mark.each_database
async def test_a_killed_server_neither_loses_nor_repeats_acknowledged_messages(site: Site) -> None:
    names = [f"person{number}" for number in range(_PEOPLE)]
    tokens = await asyncio.to_thread(register, site, names)
    async with await Client.connect(site.acc) as owner:
        room = (await owner.login_token(tokens[names[0]]))["target"]
        created = await owner.call("channel.create", kind="public", name="Burst", members=names[1:])
        group: str = created["target"]
    people = [Person(name, tokens[name], [group, room]) for name in names]
    await asyncio.gather(*(person.come(site) for person in people))

    for limit in _KILL_AT:
        reached = asyncio.Event()

        def count(limit: int = limit, reached: asyncio.Event = reached) -> None:
            if sum(len(person.acknowledged) for person in people) >= limit:
                reached.set()

        talk = [asyncio.create_task(person.say_everything(count)) for person in people]
        await asyncio.wait_for(reached.wait(), 60)
        site.kill()
        await asyncio.gather(*talk)
        assert sum(len(person.acknowledged) for person in people) < _PEOPLE * _SENDS_EACH, (
            "the burst was over before the kill"
        )
        for person in people:
            await person.client.closed()
            person.take_pushes(group)
        site.start()
        await asyncio.gather(*(person.come(site) for person in people))

    await asyncio.gather(*(person.say_everything() for person in people))
    acknowledged = {key: answer for person in people for key, answer in person.acknowledged.items()}
    assert len(acknowledged) == _PEOPLE * _SENDS_EACH

    for person in people[:5]:
        for key in person.to_say:
            assert await person.say(key) == acknowledged[key], "a retry gets the first answer"

    stored: dict[str, list[Answer]] = defaultdict(list)
    for target in (group, room):
        history = await _whole_history(people[0].client, target)
        assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
        for message in history:
            stored[message["msg"]].append((message["id"], message["seq"]))
    assert {key: [answer] for key, answer in acknowledged.items()} == stored

    for person in people:
        await person.client.until(lambda person=person: person.has_all_of(group))  # type: ignore[misc]
        await person.client.close()
        numbers = [message["seq"] for _, message in sorted(person.seen.items())]
        assert numbers == sorted(numbers), "positions and numbers go the same way"
