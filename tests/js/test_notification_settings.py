"""A browser notifies of the messages that the user has chosen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_INCLUDES = """async ({ level, message, channel, followsThread }) => {
  const { NotificationSettings } = await import("/static/js/state/notification-settings.js");
  const values = new Map();
  const storage = { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
  const settings = new NotificationSettings(storage);
  settings.load("1");
  if (level) settings.set({ ...settings.current, level });
  return settings.includes(message, { channel, followsThread });
}"""
_MINE, _ALL, _OTHERS = [{"id": "1", "name": "alice"}], [{"name": "all"}], [{"id": "2", "name": "bob"}]


@pytest.mark.parametrize(
    ("level", "kind", "message", "follows", "is_included"),
    [
        (None, "private", {}, False, False),
        ("none", "private", {"mentions": _MINE}, True, False),
        ("direct", "private", {}, False, True),
        ("direct", "public", {}, False, False),
        ("direct", "public", {"mentions": _MINE}, False, True),
        ("direct", "public", {"mentions": _ALL}, False, True),
        ("direct", "public", {"mentions": _OTHERS}, False, False),
        ("direct", "public", {"threadId": "5", "threadOnly": True}, True, True),
        ("direct", "private", {"threadId": "5", "threadOnly": True}, False, False),
        ("all", "public", {}, False, True),
        ("all", "global", {}, False, True),
        ("all", "public", {"threadId": "5", "threadOnly": True}, False, False),
        ("all", "public", {"threadId": "5", "threadOnly": True, "mentions": _MINE}, False, True),
    ],
)
async def test_a_message_is_included_by_its_channel_mentions_and_thread(
    pure_modules: Page, level: str | None, kind: str, message: dict[str, Any], follows: bool, is_included: bool
) -> None:
    given = {"level": level, "message": message, "channel": {"kind": kind}, "followsThread": follows}
    assert await pure_modules.evaluate(_INCLUDES, given) is is_included


@pytest.mark.parametrize(
    ("level", "notifications", "message", "is_included"),
    [
        ("none", {"level": "all", "muted": False}, {}, False),
        ("direct", {"level": "all", "muted": False}, {}, True),
        ("direct", {"level": "all", "muted": False}, {"threadId": "5", "threadOnly": True}, False),
        ("all", {"level": "mentions", "muted": False}, {}, False),
        ("all", {"level": "mentions", "muted": False}, {"mentions": _MINE}, True),
        ("all", {"level": "default", "muted": True}, {}, False),
        ("all", {"level": "all", "muted": True}, {}, False),
        ("all", {"level": "default", "muted": True}, {"mentions": _MINE}, True),
        ("all", {"level": "none", "muted": False}, {"mentions": _MINE}, False),
    ],
)
async def test_the_setting_of_a_channel_comes_before_that_of_the_browser(
    pure_modules: Page, level: str, notifications: dict[str, Any], message: dict[str, Any], is_included: bool
) -> None:
    channel = {"kind": "public", "notifications": notifications}
    given = {"level": level, "message": message, "channel": channel, "followsThread": False}
    assert await pure_modules.evaluate(_INCLUDES, given) is is_included
