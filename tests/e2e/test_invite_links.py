"""Alice runs a group: she describes it, and Carol, who is not signed in yet, asks to join by a link."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import PASSWORD, register
from tests.support.identity_provider import picture
from tests.support.site import Site


async def test_a_newcomer_joins_by_a_link_after_approval(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob", "carol"])
    alice, bob, carol = await person("alice", width=1440), await person("bob"), await person("carol")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(alice, "Painters", "bob")
    await open_channel(bob, "Painters")
    await alice.get_by_test_id("group-settings").click()
    upload = {"name": "ink.png", "mimeType": "image/png", "buffer": picture()}
    await alice.get_by_test_id("group-picture-file").set_input_files(upload)
    await expect(alice.get_by_test_id("group-picture").locator("img")).to_be_visible()
    await expect(bob.locator("#channel-avatar img")).to_be_visible()
    await alice.get_by_test_id("group-topic").fill("Ink and paper")
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(bob.get_by_test_id("channel-subtitle")).to_contain_text("Ink and paper")

    await alice.get_by_test_id("invite-links").click()
    await alice.get_by_test_id("invite-approval").check()
    # It submits a form only where there is something to save.
    await alice.get_by_test_id("invite-approval").press("Enter")
    await alice.get_by_test_id("invite-create").click()
    link = await alice.get_by_test_id("invite-address").text_content()
    assert link is not None and link.startswith(f"{site.url}/#join/")
    await alice.get_by_test_id("invite-qr").click()
    await expect(alice.get_by_test_id("qr-code")).to_be_visible()
    await alice.locator("#dialog-qr").get_by_test_id("dialog-cancel").click()
    await alice.locator("#dialog-settings").get_by_test_id("dialog-cancel").click()

    await carol.goto(link)
    assert link.rpartition("/")[2] not in carol.url
    await carol.get_by_test_id("sign-in").click()
    await carol.locator("input[name=username]").fill("carol")
    await carol.locator("input[name=password]").fill(PASSWORD)
    await carol.locator("input[name=password]").press("Enter")
    await expect(carol.get_by_test_id("join-name")).to_have_text("Painters")
    await expect(carol.get_by_test_id("join-about")).to_contain_text("2 members")
    await carol.locator("dialog[open]").get_by_test_id("dialog-confirm").click()

    await expect(alice.get_by_test_id("join-request-badge")).to_have_text("1")
    await alice.get_by_test_id("join-requests").click()
    await alice.get_by_test_id("request-approve").click()
    await expect(alice.get_by_test_id("join-request")).to_have_count(0)
    await expect(alice.get_by_test_id("join-request-badge")).to_be_hidden()
    await open_channel(carol, "Painters")
    await expect(bob.get_by_test_id("channel-subtitle")).to_contain_text("3 members")
