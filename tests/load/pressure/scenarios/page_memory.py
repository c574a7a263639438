"""A page in Chromium is left open: the events of a working day are replayed in less time, and memory stays flat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median

from imsite.client import Client, ClientConnection
from tests.load.page_load_time import chromium
from tests.load.pressure.page_data import TEXTS, PageData, populate
from tests.load.pressure.page_timing import PageMemory, memory, open_channel, open_page
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target


@dataclass(frozen=True)
class PageMemoryOverDay:
    """A colleague causes `events` within `minutes`. Meanwhile the user opens a channel `visits` times.

    The events are messages in all groups, edits, recalls, reactions, answers in threads and notices of typing. Eight
    hours have 28,800, a second each.
    """

    events: int = 28_800
    minutes: float = 20
    visits: int = 120
    channels: int = 60
    name: str = "page-memory"
    accounts: int = 0
    needs_own_site: bool = True

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{self.events:,} events in {self.minutes:g} min, {self.visits} channels opened")
        asyncio.run(self._measure(target, result))
        return result

    async def _measure(self, target: Target, result: Result) -> None:
        assert target.site is not None
        data = await populate(target, channels=self.channels, messages=1)
        found: list[tuple[float, PageMemory]] = []
        began = time.monotonic()
        async with (
            chromium([]) as browser,
            Client(target.site.url, token=data.colleague_token) as client,
            client.listen() as line,
        ):
            page = await open_page(await browser.new_context(), target.site.url, data.session)
            done = 0
            async for part in self._replay(line, data):
                await open_channel(page, data.groups[part % self.channels])
                found.append((time.monotonic() - began, await memory(page)))
                done = part + 1
        assert done == self.visits
        # At first the page fills what it keeps of the channels; then nothing may grow.
        middle, last = (found[len(found) * at // 3 : len(found) * (at + 1) // 3] for at in (1, 2))
        for name, unit in (("heap", "MiB"), ("nodes", ""), ("listeners", "")):
            before, after = (median(getattr(one, name) for _, one in some) for some in (middle, last))
            result.add(f"{name} at the end", after, unit)
            result.add(f"{name} of the last third against the one before", after / before, "", at_most(1.1))
        result.series["heap MiB"] = [(at, one.heap) for at, one in found]

    async def _replay(self, line: ClientConnection, data: PageData) -> AsyncIterator[int]:
        """Cause the events at an even pace; yield the number of each part in which the user opens a channel."""
        began = time.monotonic()
        sent = ("", "")
        for number in range(self.events):
            sent = await _cause(line, data.groups, number, sent)
            if (number + 1) % (self.events // self.visits) == 0:
                yield number // (self.events // self.visits)
            due = began + self.minutes * 60 * (number + 1) / self.events
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _cause(line: ClientConnection, groups: list[str], number: int, last: tuple[str, str]) -> tuple[str, str]:
    """Cause an event, which may change the last message; return group and id of the last message."""
    target, id = last
    match number % 20 if id else 0:
        case 3:
            await line.send_typing(target)
        case 7:
            await line.edit(id, f"changed {number}", target=target)
        case 11:
            await line.react(id, "👍", target=target)
        case 15:
            await line.send(f"answer {number}", target=target, thread=id)
        case 18:
            await line.recall(id, target=target)
            return "", ""
        case _:
            # Every third message is in the same few groups.
            group = groups[(number % 9 // 3 if number % 3 == 0 else number * 7) % len(groups)]
            message = await line.send(f"{number}: {TEXTS[number % len(TEXTS)]}", target=group)
            return group, message.id
    return last
