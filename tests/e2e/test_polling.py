"""Users chat in a network that blocks WebSockets, and their page uses a WebSocket as soon as one gets through."""

from __future__ import annotations

from playwright.async_api import WebSocketRoute, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import enter_as_guest, say, shown
from tests.support.site import Site


async def test_two_users_chat_of_whom_one_has_no_websocket(site: Site, person: OpenPerson) -> None:
    alice, bob = await person("alice"), await person("bob")
    await enter_as_guest(bob, site, "Bob")
    is_open = False
    sockets = 0

    async def refuse_or_pass_on(route: WebSocketRoute) -> None:
        nonlocal sockets
        if is_open:
            sockets += 1
            route.connect_to_server()
        else:
            await route.close()

    await alice.route_web_socket("**/acc*", refuse_or_pass_on)
    await enter_as_guest(alice, site, "Alice")
    bar = alice.get_by_test_id("connection-bar")
    await expect(bar).to_contain_text("This network blocks WebSockets.")
    await say(alice, "by HTTP")
    await expect(shown(bob, "by HTTP")).to_be_visible()
    await say(bob, "by WebSocket")
    await expect(shown(alice, "by WebSocket")).to_be_visible()

    # The next page of the tab needs no tries to know it.
    await alice.reload()
    await expect(bar).to_contain_text("This network blocks WebSockets.")
    await expect(shown(alice, "by WebSocket")).to_be_visible()

    is_open = True
    await alice.evaluate("dispatchEvent(new Event('online'))")
    for number in range(5):
        await say(alice, f"while it changes {number}")
        await say(bob, f"from bob {number}")
    await expect(bar).to_be_hidden()
    await say(alice, "afterwards")
    for page in (alice, bob):
        await expect(shown(page, "afterwards")).to_be_visible()
        for number in range(5):
            await expect(shown(page, f"while it changes {number}")).to_have_count(1)
            await expect(shown(page, f"from bob {number}")).to_have_count(1)
    assert sockets == 1
