"""The clock of a user's computer jumps by an hour: the page goes on, also after a restart of the server."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site

_SHIFTED = """
const systemTime = Date.now.bind(Date);
globalThis.shiftMs = 0;
Date.now = () => systemTime() + shiftMs;
"""
HOUR_MS = 3_600_000


async def _exchange(alice: Page, bob: Page, number: int) -> None:
    """Let each receive a message of the other, and then bob see that alice types."""
    await say(alice, f"Hello {number}")
    await say(bob, f"Hi {number}")
    for page in (alice, bob):
        await expect(shown(page, f"Hello {number}")).to_have_count(1)
        await expect(shown(page, f"Hi {number}")).to_have_count(1)
    await alice.get_by_test_id("composer").press_sequentially("He")
    await expect(bob.get_by_test_id("typing")).to_contain_text("Alice")


@pytest.mark.parametrize("shift_ms", [HOUR_MS, -HOUR_MS])
async def test_a_page_goes_on_when_its_clock_jumps(site: Site, person: OpenPerson, shift_ms: int) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await alice.add_init_script(_SHIFTED)
    for page, name in ((alice, "alice"), (bob, "bob")):
        await sign_in(page, site, name)
    await _exchange(alice, bob, 1)
    await alice.evaluate("by => { shiftMs = by; }", shift_ms)
    # She pauses, and goes on.
    await expect(bob.get_by_test_id("typing")).to_have_text("")
    await alice.get_by_test_id("composer").press_sequentially("l")
    await expect(bob.get_by_test_id("typing")).to_contain_text("Alice")
    await _exchange(alice, bob, 2)
    await asyncio.to_thread(site.restart)
    await _exchange(alice, bob, 3)
    await alice.evaluate("by => { shiftMs = by; }", 0)
    await _exchange(alice, bob, 4)
    await alice.reload()
    await _exchange(alice, bob, 5)
    await expect(shown(alice, "Hello 2")).to_have_count(1)
