"""Invariant 6: a slow reader affects no other client."""

from __future__ import annotations

import pytest

from tests.load.channel_delivery import Load
from tests.load.slow_reader import run
from tests.support.fixtures.sites import SiteFactory


@pytest.mark.sqlite
async def test_a_client_that_never_reads_is_closed_without_affecting_others(site_factory: SiteFactory) -> None:
    # 21 MiB for the slow reader exceed the kernel's buffers and the limit by far.
    load = Load(connections=10, rate=30, seconds=40, senders=5, batch=False)

    with site_factory() as site:
        outcome = await run(site, load)

    assert outcome.closed_after_s is not None, "the server kept the connection that never read"
    assert outcome.rss_growth < 16 * 1024 * 1024
    assert (outcome.lost, outcome.repeated, outcome.disordered, outcome.disconnected) == (0, 0, 0, 0)
