"""Fixtures: a foreign site on loopback, which the site may call during the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.page_server import PageServer
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.fixture
def pages(settings: Any) -> Iterator[PageServer]:
    with PageServer() as server:
        settings.IM_LINK_PREVIEWS = True
        settings.IM_LINK_PREVIEW_PRIVATE_NETWORKS = ("127.0.0.1/32",)
        settings.IM_LINK_PREVIEW_PORTS = ("80", str(server.port))
        settings.IM_LINK_PREVIEW_HOST_INTERVAL = 0.0
        settings.IM_LINK_PREVIEW_TIMEOUT = TIMEOUT_SECONDS
        yield server
