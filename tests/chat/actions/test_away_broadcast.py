"""Changes of many users who are away are looked up together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.conf import Settings

from chat.actions import away_broadcast
from chat.actions.away_broadcast import AwayBroadcaster
from delivery.presence.memory import MemoryPresence
from tests.support.waiting import wait_until

APP = 101
USERS = list(range(1, 101))


class CountingPresence(MemoryPresence):
    """Records for which users apps are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[int]] = []

    async def find_apps(self, user_ids: Sequence[int]) -> set[int]:
        self.asked.append(list(user_ids))
        return await super().find_apps(user_ids)


async def test_a_crowd_on_a_large_app_costs_one_question(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a cluster, each question is a call of Redis."""
    settings.IM_PRESENCE_LIMIT = 0
    monkeypatch.setattr(away_broadcast, "DELAY_SECONDS", 0.0)
    presence = CountingPresence()
    broadcaster = AwayBroadcaster(presence)
    for user in USERS:
        presence.connect(user, f"user {user}", APP)
        presence.set_away(user, is_away=True)
    await wait_until(lambda: bool(presence.asked))
    assert presence.asked == [USERS]
    await broadcaster.stop()
    await presence.stop()
