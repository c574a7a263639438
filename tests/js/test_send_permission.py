"""The composer says that a user whose account is not active cannot be reached, and follows changes of it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_FOLLOW = """async () => {
  const { PushHandlers } = await import("/static/js/net/push-handlers.js");
  const { sendPermission } = await import("/static/js/state/send-permission.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const handlers = {};
  const store = new Store();
  new PushHandlers({ socket: { onPush: (kind, handler) => (handlers[kind] = handler) }, store });
  const bob = { userId: "bob", id: "2", name: "Bob", avatar: "", kind: "person" };
  const channel = { target: "5", kind: "private", name: "Bob", peer: { ...bob, active: false }, role: "member" };
  store.setChannels([channel]);
  const seen = () => {
    const { restriction, canSend } = sendPermission(store.channels.get("5"), store.contacts, 0);
    return `${restriction} ${canSend}`;
  };
  const all = [seen()];
  for (const active of [undefined, false]) {
    handlers["person.changed"]({ who: { ...bob, active }, status: "" });
    all.push(seen());
  }
  store.contacts.blocked.set("2", bob);
  all.push(seen());
  return all;
}"""


async def test_the_composer_is_closed_while_the_other_user_is_gone(modules: Page) -> None:
    gone, here = "unreachable false", " true"
    assert await modules.evaluate(_FOLLOW) == [gone, here, gone, gone]
