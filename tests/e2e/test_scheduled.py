"""Alice writes a message to be sent later, changes it, and sends it early."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.site import Site


async def test_alice_schedules_changes_and_sends_a_message(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice", width=1280)
    await sign_in(alice, site, "alice")
    composer = alice.get_by_test_id("composer")
    await expect(alice.get_by_test_id("send-later")).to_be_hidden()
    await composer.fill("Good morning")
    await alice.get_by_test_id("send-later").click()
    await screenshot(alice, "send-later")
    await alice.get_by_test_id("schedule.monday").click()
    await expect(alice.get_by_test_id("notice")).to_contain_text("will be sent at")
    await expect(composer).to_have_value("")

    await alice.get_by_test_id("scheduled-button").click()
    row = alice.get_by_test_id("scheduled-message")
    await expect(row).to_contain_text("Good morning")
    await row.get_by_test_id("scheduled-edit").click()
    dialog = alice.locator("#dialog-schedule")
    await dialog.get_by_test_id("schedule-text").fill("Good evening")
    await dialog.get_by_test_id("dialog-confirm").click()
    await expect(row).to_contain_text("Good evening")
    await screenshot(alice, "scheduled")
    await row.get_by_test_id("scheduled-send").click()
    await expect(row).to_have_count(0)
    await alice.locator("#dialog-scheduled").get_by_test_id("dialog-cancel").click()
    await expect(alice.get_by_test_id("message").filter(has_text="Good evening")).to_have_count(1)
    await expect(alice.get_by_test_id("scheduled-button")).to_be_hidden()
