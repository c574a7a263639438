"""The composer of a thread has what the channel's has; a file that is removed disappears from an open page."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_media import picture
from tests.e2e.test_threads import message
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_alice_answers_with_a_mention_a_format_an_emoji_and_a_file(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Painters", members=["alice"])
        await bob.call("message.send", target=group["target"], type="text", msg="Which one?")
        alice = await person("alice", width=1280)
        await sign_in(alice, site, "alice")
        await open_channel(alice, "Painters")
        await message(alice, "timeline", "Which one?").focus()
        await alice.keyboard.press("t")
        field = alice.get_by_test_id("thread-composer")
        await expect(field).to_be_focused()

        await alice.keyboard.type("@bo")
        await expect(alice.get_by_test_id("thread-suggestion-list").get_by_role("option")).to_have_count(1)
        await expect(alice.get_by_test_id("suggestion-list")).to_be_hidden()
        await alice.keyboard.press("Tab")
        await alice.keyboard.type("this ")
        await alice.get_by_test_id("thread-format-bold").click()
        await alice.keyboard.type("one")
        await alice.keyboard.press("End")
        await alice.keyboard.type(" :thumbs_u")
        await expect(alice.get_by_test_id("emoji-option").first).to_be_visible()
        await alice.keyboard.press("Tab")
        file = {"name": "one.png", "mimeType": "image/png", "buffer": picture(40, 30)}
        await alice.get_by_test_id("thread-attach-input").set_input_files(file)
        await expect(alice.get_by_test_id("thread-attachment-tray").get_by_test_id("tray-file")).to_have_attribute(
            "data-state", "ready"
        )
        await expect(alice.get_by_test_id("attachment-tray")).to_be_hidden()
        await screenshot(alice, "thread-composer")
        await field.press("Enter")

        answer = message(alice, "thread", "this one")
        await expect(answer.locator("strong")).to_have_text("one")
        await expect(answer.get_by_test_id("attachment-image")).to_have_count(1)
        await expect(message(alice, "timeline", "this one")).to_have_count(0)
        push = await bob.push("msg", threadOnly=True)
        assert push.data["content"].startswith("@bob this **one** \U0001f44d")
        assert [mention["name"] for mention in push.data["mentions"]] == ["bob"]

        # The list of followed threads leads to it.
        await alice.get_by_test_id("threads-toggle").click()
        entry = alice.get_by_test_id("threads").get_by_test_id("thread-entry")
        await expect(entry).to_contain_text("1 answer")
        await screenshot(alice, "threads")
        await entry.click()
        await expect(answer).to_be_visible()

        await field.fill("And another one.")
        await alice.get_by_test_id("thread-send-later").click()
        await alice.get_by_test_id("schedule.monday").click()
        await expect(field).to_have_value("")
        await alice.get_by_test_id("scheduled-button").click()
        await expect(alice.get_by_test_id("scheduled-message")).to_contain_text("In thread")
        await screenshot(alice, "scheduled-answer")
        await alice.locator("#dialog-scheduled").get_by_test_id("dialog-cancel").click()

        (sent,) = push.data["attachments"]
        target = {"target": group["target"], "id": push.data["id"]}
        await bob.call("attachment.remove", attachment=sent["id"], **target)
        await expect(answer.get_by_test_id("file-card")).to_contain_text("Removed")
        await expect(answer.get_by_test_id("file-download")).to_be_hidden()
        await expect(answer.get_by_test_id("attachment-image")).to_have_count(0)
