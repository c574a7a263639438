"""Every kind of push has a handler on the page, and one without is logged."""

from __future__ import annotations

import pytest
from playwright.async_api import ConsoleMessage, Page, WebSocketRoute

from chat.wire.schema.events import EVENTS
from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_HANDLED = """async () => {
  const { Emitter } = await import("/static/js/net/events.js");
  const { ContactsSync } = await import("/static/js/net/contacts-sync.js");
  const { CustomEmojiSync } = await import("/static/js/page/custom-emoji-sync.js");
  const { SlashCommands } = await import("/static/js/page/slash-commands.js");
  const { PresenceSync } = await import("/static/js/net/presence-sync.js");
  const { PushHandlers } = await import("/static/js/net/push-handlers.js");
  const { SavedMessages } = await import("/static/js/page/saved-messages.js");
  const { ScheduledMessages } = await import("/static/js/net/scheduled-messages.js");
  const { TypingSync } = await import("/static/js/net/typing-sync.js");
  const { presenceMode } = await import("/static/js/state/presence-mode.js");
  const { doNotDisturb } = await import("/static/js/state/do-not-disturb.js");
  const { Pins } = await import("/static/js/state/pins.js");
  const { Store } = await import("/static/js/net/state/store.js");
  const kinds = new Set();
  const socket = Object.assign(new Emitter(), { onPush: (kind) => kinds.add(kind) });
  const store = new Store();
  const session = new Emitter();
  new PushHandlers({ socket, store });
  const presence = new PresenceSync({ socket, store });
  new ContactsSync({ socket, store, session, presence });
  new CustomEmojiSync({ socket, session });
  new SlashCommands({ socket, session });
  new Pins({ socket, store, session });
  new SavedMessages({ socket, store, session });
  new ScheduledMessages({ socket, store, session });
  new TypingSync({ socket, store });
  doNotDisturb.follow(socket);
  presenceMode.follow(socket);
  return [...kinds];
}"""

_CONNECT = """async () => {
  const { Socket } = await import("/static/js/net/socket.js");
  window.received = [];
  const socket = new Socket("ws://modules.test/acc");
  socket.onPush("msg", ({ id }) => received.push(id));
  socket.start({ appId: 101 });
  window.socket = socket;
}"""


async def test_the_page_handles_every_kind(modules: Page) -> None:
    assert set(await modules.evaluate(_HANDLED)) == {kind.name for kind in EVENTS.values() if kind.is_push}


async def test_a_kind_without_a_handler_is_logged_once(modules: Page) -> None:
    warnings: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "warning":
            warnings.append(message.text)

    def accept(ws: WebSocketRoute) -> None:
        for kind, id in (("message.unheard", "1"), ("message.unheard", "2"), ("msg", "3")):
            push = '{"seq": "%s", "cmd": "%s", "response": {"code": 200, "codeMsg": "Ok", "data": {"id": "%s"}}}'
            ws.send(push % (id, kind, id))

    modules.on("console", note)
    await modules.route_web_socket("ws://modules.test/acc", accept)
    await modules.reload()
    await modules.evaluate(_CONNECT)
    await modules.wait_for_function("received.length")
    assert len(warnings) == 1 and "message.unheard" in warnings[0]
    assert await modules.evaluate("received") == ["3"]


async def test_a_push_with_the_seq_of_a_request_is_no_reply_to_it(modules: Page) -> None:
    def accept(ws: WebSocketRoute) -> None:
        # `c1` is the seq of the page's first request; another system may choose it for a push as well.
        ws.on_message(
            lambda raw: ws.send(
                '{"seq": "c1", "cmd": "msg", "response": {"code": 200, "codeMsg": "Ok", "data": {"id": "7"}}}'
            )
        )

    await modules.route_web_socket("ws://modules.test/acc", accept)
    await modules.reload()
    await modules.evaluate(_CONNECT)
    await modules.wait_for_function("received.length")
    assert await modules.evaluate("[received, socket.status]") == [["7"], "connecting"]
