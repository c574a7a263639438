"""Waiting polls take no place of other requests, and end with the server."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from tests.support.fixtures.sites import SiteFactory
from tests.support.monitoring import get
from tests.support.polling import PollingCaller, over_http
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database

POLLS = 40


async def _until_all_wait(site: Site) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        waiting = re.compile(rf"^ *{POLLS} .*\n +waits in PollingConnection.poll ", re.MULTILINE)
        while not waiting.search(await _tasks(site)):  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.01)


async def _tasks(site: Site) -> str:
    return (await asyncio.to_thread(get, f"{site.url}/debug/tasks")).text


async def test_waiting_polls_hold_no_place_and_end_with_the_server(site_factory: SiteFactory) -> None:
    limits = httpx.Limits(max_connections=None)
    with site_factory(IM_HTTP_CONCURRENCY="1", IM_DB_THREADS="2") as site:
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            callers = [PollingCaller(over_http(client, site.url)) for _ in range(POLLS)]
            assert {(await caller.open())[0] for caller in callers} == {200}
            polls = [asyncio.ensure_future(caller.poll()) for caller in callers]
            await _until_all_wait(site)
            page = await asyncio.to_thread(get, f"{site.url}/accounts/login/")
            assert page.status == 200

            await asyncio.to_thread(site.stop)
            answers = await asyncio.gather(*polls)
    assert {status for status, _ in answers} == {200}
    assert {body["code"] for _, body in answers} == {1012}
