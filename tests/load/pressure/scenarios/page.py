"""A user's page in Chromium: the first view, a long channel, and typing while messages arrive."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from dataclasses import dataclass

from playwright.async_api import Browser

from imsite.client import Client
from tests.load.measurements import percentile
from tests.load.page_load_time import Visit, chromium, two_visits
from tests.load.pressure.page_data import TEXTS, PageData, populate
from tests.load.pressure.page_timing import go_to_end, open_channel, open_page, type_keys
from tests.load.pressure.scenario import Result, at_most
from tests.load.pressure.target import Target

_KEY_PAUSE_MS = 70


@dataclass(frozen=True)
class PageSpeed:
    """A user with `channels` groups and a private channel of `messages` messages."""

    channels: int = 200
    messages: int = 50_000
    visits: int = 7
    keys: int = 150
    rate: float = 50
    """Messages a second that arrive while the user types."""
    name: str = "page"
    accounts: int = 0
    needs_own_site: bool = True

    def run(self, target: Target, *, quiet: bool) -> Result:
        result = Result(self.name, f"{self.channels} channels, one of {self.messages:,} messages; medians")
        asyncio.run(self._measure(target, result))
        return result

    async def _measure(self, target: Target, result: Result) -> None:
        assert target.site is not None
        data = await populate(target, channels=self.channels, messages=self.messages)
        async with chromium([]) as browser:
            firsts: list[Visit] = []
            for _ in range(self.visits):
                first, _ = await two_visits(browser, target.site.url, latency=0, pause=0, session=data.session)
                firsts.append(first)
            result.add("first view usable", statistics.median(one.seconds for one in firsts), "s", at_most(1))
            result.add("requests of the first visit", max(one.requests for one in firsts), "", at_most(15))
            result.add("data of the first visit", firsts[0].sent_bytes / 1024, "KiB")
            await self._open_channels(browser, target.site.url, data, result)
            await self._type(browser, target.site.url, data, result)

    async def _open_channels(self, browser: Browser, url: str, data: PageData, result: Result) -> None:
        """Open the long channel in new pages: at the first visit at its first unread message, then at its end."""
        times: list[float] = []
        for _ in range(self.visits):
            context = await browser.new_context()
            page = await open_page(context, url, data.session)
            await open_channel(page, data.groups[0])
            times.append(await open_channel(page, data.long_channel))
            await context.close()
        result.add("long channel opens", statistics.median(times), "ms", at_most(200))

    async def _type(self, browser: Browser, url: str, data: PageData, result: Result) -> None:
        context = await browser.new_context()
        page = await open_page(context, url, data.session)
        await open_channel(page, data.groups[-1])
        await go_to_end(page)
        async with Client(url, token=data.colleague_token) as client, client.listen() as line:

            async def talk() -> None:
                for number in itertools.count():
                    await line.send(TEXTS[number % len(TEXTS)], target=data.groups[-1])
                    await asyncio.sleep(1 / self.rate)

            talking = asyncio.create_task(talk())
            times = await type_keys(page, self.keys, _KEY_PAUSE_MS)
            talking.cancel()
        await context.close()
        result.add("key p50 while messages arrive", percentile(times, 0.5), "ms", at_most(16))
        result.add("key p95 while messages arrive", percentile(times, 0.95), "ms", at_most(16))
        result.add("longest key", times[-1], "ms")
