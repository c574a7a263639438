"""Alice and Bob search messages in one channel or everywhere, by keyboard and on a phone; the page shows errors."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.conditions import scroll_constantly, search_until_found
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_reading import say_many
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def known(client: Client, *texts: str) -> None:
    """Wait until the search index contains them."""
    async with asyncio.timeout(60):
        for text in texts:
            while not (await client.call("message.search", q=text))["messages"]:  # noqa: ASYNC110  nothing announces it
                await asyncio.sleep(0.2)


def results(page: Page) -> Locator:
    return page.get_by_test_id("search-result")


async def in_sight(page: Page, text: str) -> None:
    message = shown(page, text)
    await expect(message).to_be_in_viewport()
    await expect(page.locator("[data-testid=message]:focus")).to_contain_text(text)


async def test_alice_finds_an_old_message_of_bob_and_opens_it(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Painters", members=["alice"])
        await bob.call("message.send", target=group["target"], type="text", msg="<b>Early Spring</b> is by 郭熙")
        await say_many(bob, group["target"], 130)
        await bob.call("message.send", target=group["target"], type="text", msg="Early to bed")
        await known(bob, "Early Spring", "Early to bed")

    # The global channel is open; messages of other channels are not found in it.
    await expect(alice.get_by_test_id("channel-item")).to_have_count(2)
    await alice.get_by_test_id("search-toggle").click()
    field, state = alice.get_by_test_id("search-field"), alice.get_by_test_id("search-state")
    await expect(field).to_be_focused()
    await expect(state).to_contain_text("Enter words")
    await field.fill("EARLY")
    await expect(state).to_contain_text("No messages in this channel match “EARLY”.")
    await alice.get_by_text("Everywhere", exact=True).click()
    await expect(results(alice)).to_have_count(2)
    await expect(alice.get_by_test_id("search-status")).to_have_text("2 messages")
    await expect(results(alice).first).to_contain_text("Early to bed")
    await expect(results(alice).last).to_contain_text("Bob")
    await expect(results(alice).last).to_contain_text("Painters")
    await expect(results(alice).last).to_contain_text("<b>Early Spring</b> is by")
    await expect(results(alice).locator("mark")).to_have_text(["Early", "Early"])
    await expect(results(alice).locator("b")).to_have_count(0)

    # By keyboard; the panel remains, and the message was not loaded before.
    await field.press("ArrowDown")
    await alice.keyboard.press("ArrowDown")
    await expect(results(alice).last).to_be_focused()
    await alice.keyboard.press("Enter")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Painters")
    await in_sight(alice, "Early Spring")
    await expect(alice.locator("[data-testid=message][data-seq='1']")).to_be_in_viewport()
    await expect(results(alice).last).to_have_attribute("aria-current", "true")

    # A second match, in the middle of the open channel.
    await results(alice).first.click()
    await in_sight(alice, "Early to bed")

    # Escape closes the search and reopens the earlier panel.
    await alice.get_by_test_id("composer").focus()
    await alice.keyboard.press("Alt+k")
    await expect(field).to_be_focused()
    await field.press("Escape")
    await expect(alice.get_by_test_id("search")).to_be_hidden()
    await expect(alice.get_by_test_id("details")).to_be_visible()
    await expect(alice.get_by_test_id("composer")).to_be_focused()


async def test_bob_searches_chinese_words_on_his_phone_and_goes_back(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice")
    bob = await person("bob", width=390, height=844, locale="zh-CN")
    await sign_in(bob, site, "bob")
    await sign_in(alice, site, "alice")
    await make_group(alice, "Painters", "bob")
    await say(alice, "溪山行旅图是范宽画的")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)

    # The channel list starts a search for the typed text if no channel has that name.
    await bob.get_by_test_id("back").click()
    await bob.get_by_test_id("channel-filter").fill("范宽")
    await expect(bob.get_by_test_id("search-all")).to_have_text("在消息中搜索“范宽”")
    await bob.get_by_test_id("channel-filter").press("Enter")
    panel = bob.get_by_test_id("search")
    await expect(panel).to_be_visible()
    await expect(panel).to_have_css("width", "390px")
    await search_until_found(bob.get_by_test_id("search-field"), results(bob))
    await expect(results(bob).locator("mark")).to_have_text("范宽")
    await bob.go_back()
    await expect(panel).to_be_hidden()
    await expect(bob.get_by_test_id("channel-filter")).to_be_visible()

    await bob.get_by_test_id("search-all").click()
    await results(bob).click()
    await expect(panel).to_be_hidden()
    await expect(bob.get_by_test_id("channel-title")).to_have_text("Painters")
    await in_sight(bob, "溪山行旅图")
    # In the same channel, closed by the choice and by back: each returns to the earlier place.
    await bob.get_by_test_id("search-toggle").click()
    await results(bob).click()
    await expect(panel).to_be_hidden()
    await bob.get_by_test_id("search-toggle").click()
    await expect(panel).to_be_visible()
    await bob.go_back()
    await expect(panel).to_be_hidden()
    await expect(bob.get_by_test_id("channel-title")).to_be_visible()
    await bob.go_back()
    await expect(bob.get_by_test_id("channel-filter")).to_be_visible()


async def test_results_load_in_pages_and_omit_messages_that_alice_recalls(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440, height=900)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Painters", members=["alice"])
        await say_many(bob, group["target"], 45)
        last = await bob.call("message.send", target=group["target"], type="text", msg="the last one")
        await known(bob, "the last one")
        await open_channel(alice, "Painters")
        await alice.keyboard.press("Alt+k")
        await scroll_constantly(alice, "#search [data-part=body]")
        await alice.get_by_test_id("search-field").fill("one")
        await expect(results(alice)).to_have_count(20)
        await expect(alice.get_by_test_id("search-status")).to_have_text("Latest 20 messages")
        # A pointer would move over the list, scroll it, and so start a request.
        await alice.get_by_test_id("search-more").evaluate("button => button.click()")
        await expect(results(alice)).to_have_count(40)
        await results(alice).last.scroll_into_view_if_needed()
        await expect(results(alice)).to_have_count(46)
        await expect(alice.get_by_test_id("search-more")).to_be_hidden()
        await expect(alice.get_by_test_id("search-status")).to_have_text("46 messages")
        await bob.call("message.recall", target=group["target"], id=last["id"])
        await expect(results(alice)).to_have_count(45)


async def test_only_the_newest_query_is_shown_and_errors_are_displayed(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice")
    held: list[dict[str, Any]] = []
    refused = {"slow down"}
    routes: list[WebSocketRoute] = []

    def answer(request: dict[str, Any], texts: list[str]) -> None:
        one = {
            "target": request["data"].get("target", "1"),
            "type": "text",
            "from": "bob",
            "fromId": "2",
            "name": "Bob",
        }
        found = [
            {**one, "avatar": "", "msg": text, "id": f"{number}", "seq": number, "time": 1, "position": 1}
            for number, text in enumerate(texts, 1)
        ]
        response = {"code": 200, "codeMsg": "Success", "data": {"messages": found, "next": None}}
        routes[-1].send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))

    def between(route: WebSocketRoute) -> None:
        routes.append(route)
        server = route.connect_to_server()

        def up(frame: str | bytes) -> None:
            request = json.loads(frame)
            question = request["data"].get("q")
            if request["cmd"] != "message.search":
                server.send(frame)
            elif question in refused:
                refused.discard(question)
                response = {"code": 1011, "codeMsg": "Too much", "data": {"error": "You are doing this too fast."}}
                route.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))
            elif question == "early":
                held.append(request)
            else:
                answer(request, [f"{question} it is"])

        route.on_message(up)

    await alice.route_web_socket("**/acc*", between)
    await sign_in(alice, site, "alice")
    await alice.keyboard.press("Alt+k")
    field = alice.get_by_test_id("search-field")
    await field.fill("early")
    await field.press("Enter")
    await expect(alice.get_by_test_id("search-status")).to_have_text("Searching…")
    await field.fill("late")
    await field.press("Enter")
    await expect(results(alice)).to_contain_text("late it is")
    answer(held.pop(), ["an early one", "another early one"])

    # Later events of the server arrive after it.
    await say(alice, "meanwhile")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    await expect(results(alice)).to_have_text([re.compile("late it is")])

    await field.fill("slow down")
    await expect(alice.get_by_test_id("search").get_by_test_id("list-failed")).to_contain_text("too fast")
    await expect(results(alice)).to_have_count(0)
    await alice.get_by_test_id("search").get_by_test_id("list-retry").click()
    await expect(results(alice)).to_contain_text("slow down it is")

    # Without a connection the page says so, and repeats the search once there is one.
    site.kill()
    await expect(alice.get_by_test_id("connection-bar")).to_be_visible()
    await field.fill("afterwards")
    await expect(alice.get_by_test_id("search").get_by_test_id("list-failed")).to_contain_text("needs a connection")
    site.start()
    await expect(results(alice)).to_contain_text("afterwards it is")


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-GB"), (1024, "zh-CN"), (768, "en-GB"), (390, "en-GB")])
async def test_bob_searches_by_touch_and_no_label_is_truncated(
    site: Site, person: OpenPerson, width: int, locale: str
) -> None:
    tokens = register(site, ["alice", "bob"])
    bob = await person("bob", width=width, height=800, locale=locale, has_touch=True, is_mobile=width < 700)
    await sign_in(bob, site, "bob", by_touch=True)
    async with await Client.connect(site.acc) as alice:
        await alice.login_token(tokens["alice"])
        group = await alice.call("channel.create", kind="public", name="Painters", members=["bob"])
        await alice.call("message.send", target=group["target"], type="text", msg="Early Spring")
        await known(alice, "Early Spring")
    await bob.get_by_test_id("search-toggle").tap()
    words = bob.locator(".search-scope span")
    await expect(words).to_have_count(3)
    for choice in await words.all():
        await choice.tap()
        assert await words.evaluate_all("words => words.every((word) => word.scrollWidth <= word.clientWidth)")
    await bob.get_by_test_id("search-field").fill("spring")
    await results(bob).tap()
    await expect(bob.get_by_test_id("channel-title")).to_have_text("Painters")
    await in_sight(bob, "Early Spring")
    await expect(bob.get_by_test_id("search")).to_be_visible(visible=width >= 900)
