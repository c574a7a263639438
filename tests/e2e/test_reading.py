"""Alice reads: new messages do not move the text, lists show errors, and the back button goes one step back."""

from __future__ import annotations

import json

from playwright.async_api import Page, WebSocketRoute, expect

from tests.e2e.conditions import until
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_two_browsers import say, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_WHERE = """seq => {
  const message = document.querySelector(`[data-testid=message][data-seq="${seq}"]`);
  return message && message.getBoundingClientRect().top;
}"""

# A notice disappears after some seconds, on a slow machine before the test looks at it.
_SHOWN_BOX = """notice => {
  notice.hidden = false;
  notice.hidePopover();
  notice.showPopover();
  return notice.getBoundingClientRect().toJSON();
}"""


async def say_many(client: Client, target: str, count: int) -> None:
    answers = [
        await client.post("message.send", target=target, type="text", msg=f"one of {count}") for _ in range(count)
    ]
    for answer in answers:
        assert (await answer).code == 200


async def make_team(page: Page) -> str:
    await make_group(page, "Readers", "bob")
    target = await page.get_by_test_id("channel-item").filter(has_text="Readers").get_attribute("data-target")
    assert target
    return target


async def test_hundreds_of_new_messages_do_not_move_the_text_that_alice_reads(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    target = await make_team(alice)
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        await say_many(bob, target, 120)
        await expect(alice.locator("[data-testid=message][data-seq='120']")).to_be_visible()
        await alice.get_by_test_id("timeline").evaluate("frame => (frame.scrollTop = frame.scrollHeight / 2)")
        await expect(alice.get_by_test_id("to-newest")).to_be_visible()
        before = await alice.evaluate(_WHERE, 60)
        await say_many(bob, target, 500)

        button = alice.get_by_test_id("new-messages")
        await expect(button).to_have_text("500 new messages")
        await until(alice, f"([seq, top]) => ({_WHERE})(seq) === top", [60, before])
        await until(alice, "(most) => document.querySelectorAll('[data-testid=message]').length <= most", 350)
        await button.click()
        await expect(alice.locator("[data-testid=message][data-seq='620']")).to_be_visible()
        await expect(button).to_be_hidden()


async def test_the_back_button_on_a_phone_closes_the_details_and_then_the_channel(
    site: Site, person: OpenPerson
) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=390, height=844)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Readers", members=["alice"])
        await alice.get_by_test_id("back").click()
        await open_channel(alice, "Readers")

        await alice.get_by_test_id("details-toggle").click()
        await expect(alice.get_by_test_id("details")).to_be_visible()
        await alice.go_back()
        await expect(alice.get_by_test_id("details")).to_be_hidden()
        await expect(alice.get_by_test_id("channel-title")).to_be_visible()
        await alice.go_back()
        await expect(alice.get_by_test_id("channel-list")).to_be_visible()
        await expect(alice.get_by_test_id("channel-title")).to_be_hidden()

        # Events of the channel that the user left do not open it again.
        await bob.call("channel.remove", target=group["target"], member="alice")
        await expect(alice.get_by_test_id("channel-item")).to_have_count(1)
        await expect(alice.get_by_test_id("channel-list")).to_be_visible()


async def test_alice_recalls_by_keyboard_and_keeps_the_focus(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await say(alice, "in haste")
    message = alice.get_by_test_id("message")
    await expect(message).to_have_attribute("data-state", "sent")
    await alice.keyboard.press("Alt+m")
    await expect(alice.get_by_test_id("message-recall")).to_be_visible()
    await alice.get_by_test_id("message-recall").press("Enter")
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").press("Enter")
    await expect(message).to_contain_text("recalled")
    await expect(message).to_be_focused()
    await expect(alice.get_by_test_id("message-recall")).to_have_count(0)


async def test_a_failed_load_shows_the_reason_and_can_be_retried(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", width=1440, locale="zh-CN")
    refused = {"channel.members", "friend.list", "person.search"}

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def up(frame: str | bytes) -> None:
            request = json.loads(frame)
            if request["cmd"] in refused:
                refused.discard(request["cmd"])
                data = {"error": "You are doing this too fast.", "retryAfter": 1}
                response = {"code": 1011, "codeMsg": "Too much", "reason": "rate_limited", "data": data}
                route.send(json.dumps({"seq": request["seq"], "cmd": request["cmd"], "response": response}))
            else:
                server.send(frame)

        route.on_message(up)

    await alice.route_web_socket("**/acc*", between)
    await sign_in(alice, site, "alice")
    await alice.get_by_test_id("tab-people").click()
    failed = alice.get_by_test_id("list-failed")
    await expect(failed).to_contain_text("好友没有加载出来")
    await failed.get_by_test_id("list-retry").click()
    await expect(alice.locator("#contact-list-placeholder")).to_contain_text("还没有好友")

    await alice.get_by_test_id("find-people").click()
    dialog = alice.locator("dialog[open]")
    await dialog.get_by_test_id("person-search").fill("bob")
    await expect(dialog.get_by_test_id("list-failed")).to_contain_text("操作太快了")
    await dialog.get_by_test_id("list-retry").click()
    await dialog.get_by_test_id("person-option").click()
    await alice.get_by_test_id("tab-channels").click()

    await make_team(alice)
    details = alice.get_by_test_id("details")
    await expect(details.get_by_test_id("list-failed")).to_contain_text("成员没有加载出来。操作太快了")
    await details.get_by_test_id("list-retry").click()
    await expect(details.get_by_test_id("person-item")).to_have_count(2)


async def test_alice_sees_the_new_name_of_bob_at_once_and_can_mention_it(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    target = await make_team(alice)
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        await bob.call("message.send", target=target, type="text", msg="@Alice, who is @bob?")
        await expect(alice.locator(".mention")).to_have_text(["@Alice", "@bob"])
        await expect(alice.locator(".mention.self")).to_have_text("@Alice")
    site.manage("shell", "--no-imports", "-c", _RENAME)
    await expect(alice.locator("[data-testid=person-item][data-user-id=bob]")).to_contain_text("Robert")
    await expect(alice.locator(".message-name")).to_have_text("Robert")
    await expect(alice.get_by_test_id("note")).to_contain_text("Robert")


_RENAME = """
from accounts.actions import profile_update
from accounts.models import User
bob = User.objects.get(username="bob")
profile_update(user_id=bob.pk, nickname="Robert", status_text="", language="", time_zone="", shares_read=True,
    shares_presence=True)
"""


async def test_on_a_phone_a_notice_hides_neither_the_newest_message_nor_the_tabs(
    site: Site, person: OpenPerson
) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=390, height=700)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Readers", members=["alice"])
        await say_many(bob, group["target"], 5)
        await alice.get_by_test_id("back").click()
        await bob.call("friend.request", userId="alice")
        notice = alice.get_by_test_id("notice")
        await expect(notice).to_have_text("Bob wants to be friends.")
        box, tabs = await notice.evaluate(_SHOWN_BOX), await alice.get_by_test_id("tab-people").bounding_box()
        assert tabs and box["y"] > tabs["y"] + tabs["height"]
        # It fits on one line.
        assert box["height"] < 50

        await open_channel(alice, "Readers")
        await bob.call("friend.remove", userId="alice")
        await bob.call("friend.request", userId="alice")
        newest = alice.locator("[data-testid=message][data-seq='5']")
        await expect(newest).to_be_in_viewport()
        await expect(notice).to_have_text("Bob wants to be friends.")
        box, last = await notice.evaluate(_SHOWN_BOX), await newest.bounding_box()
        assert last and box["y"] + box["height"] < last["y"]
