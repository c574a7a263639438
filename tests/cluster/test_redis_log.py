"""A node whose Redis cannot be used says so once, later at growing intervals, and once when it is over."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.support.fixtures.sites import SiteFactory
from tests.support.redis import RedisServer
from tests.support.site import Site


def wait_for_line(site: Site, pattern: str) -> None:
    deadline = time.monotonic() + 30
    while not re.search(pattern, log := site.log.read_text()):
        assert time.monotonic() < deadline, log
        time.sleep(0.05)


def test_an_unusable_redis_is_no_flood_and_its_return_is_reported(site_factory: SiteFactory, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    with site_factory(REDIS_URL=redis.url, IM_CLUSTER_SECRET="x" * 20) as site:
        # Twenty attempts fail before the second line.
        wait_for_line(site, r"redis_unreachable .* left_out=\d+")
        with redis:
            wait_for_line(site, r"outage_over .*outage=redis_unreachable")
            wait_for_line(site, r"outage_over .*outage=relay_error")
    lines = site.log.read_text().splitlines()
    assert sum("redis_unreachable" in line and "outage_over" not in line for line in lines) <= 3
    assert sum("relay_error" in line and "outage_over" not in line for line in lines) <= 3
    assert any("redis_unreachable" in line and f"connecting to 127.0.0.1:{redis.port}" in line for line in lines)
