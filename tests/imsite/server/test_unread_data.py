"""A client that takes what was sent may be slow; one that takes nothing is cut off."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from django.conf import Settings

from imsite.server.unread_data import UnreadDataWatch
from tests.support.waiting import wait_until


class Transport:
    """A transport that has these numbers of bytes left, one after the other."""

    def __init__(self, left: list[int]) -> None:
        self.left = left
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.left.pop(0)

    def abort(self) -> None:
        self.is_aborted = True


@pytest.mark.parametrize(("left", "is_cut"), [([3, 2, 1, 0], False), ([3, 2, 2], True), ([3, 3], True)])
async def test_only_a_client_that_takes_nothing_is_cut(settings: Settings, left: list[int], is_cut: bool) -> None:
    settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS = 0.001  # type: ignore[attr-defined]
    transport = Transport(left)
    UnreadDataWatch(cast(asyncio.Transport, transport)).start()
    await wait_until(lambda: not transport.left)
    assert transport.is_aborted == is_cut
