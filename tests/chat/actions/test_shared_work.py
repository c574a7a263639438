"""Work for several requests, which the first of them starts, has the id of none in its log lines."""

from __future__ import annotations

from typing import Any

import pytest

from chat.actions import presence_log, received_positions
from chat.actions.presence_log import PresenceLog
from chat.actions.received_positions import ReceivedPositions
from delivery.request_id import request_id, set_request_id


async def test_received_positions_are_written_for_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    set_request_id("c.1")
    monkeypatch.setattr(received_positions, "received_positions_store", lambda batch: seen.append(request_id()))
    positions = ReceivedPositions()

    positions.store("digest", 5)
    await positions.flush()

    assert (seen, request_id()) == ([""], "c.1")


async def test_presence_is_logged_for_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    set_request_id("c.1")
    monkeypatch.setattr(presence_log, "has_presence_webhook", lambda: seen.append(request_id()))
    presence: Any = None
    events = PresenceLog(presence)

    events.record_reset()
    await events.stop()

    assert seen == [""]
