"""The token of an invite link leaves the address at once, and waits in the tab until the user is signed in."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def test_a_token_waits_outside_the_address(modules: Page) -> None:
    found = await modules.evaluate(
        """async () => {
          const { JoinAddress, joinLink } = await import("/static/js/page/join-address.js");
          const kept = new Map();
          const storage = {
            getItem: (key) => kept.get(key) ?? null,
            setItem: (key, value) => kept.set(key, value),
            removeItem: (key) => kept.delete(key),
          };
          const location = { origin: "https://im.example", hash: "", pathname: "/", search: "?appId=102" };
          const history = { state: { view: null }, replaceState: (...given) => (history.replaced = given) };
          location.hash = new URL(joinLink("a-B_9", location)).hash;
          const address = new JoinAddress({ storage, location, history });
          const { token } = address;
          location.hash = "#join/no good";
          const isTaken = address.take();
          address.forget();
          return { token, replaced: history.replaced, isTaken, left: address.token };
        }"""
    )
    assert found == {"token": "a-B_9", "replaced": [{"view": None}, "", "/?appId=102"], "isTaken": False, "left": ""}
