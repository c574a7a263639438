"""A message can be forwarded to channels in which the user can send, and to users without a private channel."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_FIND = """async () => {
  const { channelDestinations, userDestinations } = await import("/static/js/state/destinations.js");
  const { messageText, isEditable } = await import("/static/js/net/state/message-content.js");
  const contacts = { blocked: new Map() };
  const bob = { userId: "bobby", id: "2", name: "Bob" };
  const channels = [
    { target: "1", name: "Readers", activeAt: 1 },
    { target: "2", name: "Bob", activeAt: 2, peer: bob },
    { target: "3", name: "Readers too", activeAt: 3, closed: true },
  ];
  const targets = (text) => channelDestinations(channels, text, contacts, 0).map(({ target }) => target).join(" ");
  const users = [bob, { userId: "me", id: "9", name: "Me" }, { userId: "carol", id: "3", name: "Carol" }];
  const forwarded = { type: "text", msg: "Forwarded from Bob:\\nhello", content: "hello", forwarded: {} };
  return [
    targets(""), targets("READ"), targets("bobby"),
    userDestinations(users, channels, "9").map(({ key }) => key).join(" "),
    messageText(forwarded), isEditable(forwarded),
  ];
}"""


async def test_destinations_are_found(modules: Page) -> None:
    assert await modules.evaluate(_FIND) == ["2 1", "1", "2", "user:3", "hello", False]
