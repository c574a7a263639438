"""A form sends what its user has changed, and nothing else."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_CHANGED = """async ([before, after]) =>
  (await import("/static/js/lib/changed-fields.js")).changedFields(before, after)"""


async def test_unchanged_fields_are_left_out(modules: Page) -> None:
    before = {"topic": "Winter", "listed": True, "slowMode": 0}
    after = {"topic": "", "listed": True, "slowMode": 30}
    assert await modules.evaluate(_CHANGED, [before, after]) == {"topic": "", "slowMode": 30}
    assert await modules.evaluate(_CHANGED, [before, before]) == {}
