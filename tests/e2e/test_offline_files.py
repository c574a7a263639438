"""Files that are chosen without a connection wait through reloads, and are sent exactly once when it is back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.page_checks import check, layout_faults
from tests.e2e.screenshots import screenshot
from tests.e2e.test_attachments import attach, content_of, file, kill_at_second_chunk, picture
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_offline import poll, until_kept
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site

_WAITING = """async () => {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (!names.includes("im-files")) return [];
  const database = await new Promise((resolve) => {
    const request = indexedDB.open("im-files");
    request.onsuccess = () => resolve(request.result);
  });
  const isEmpty = database.objectStoreNames.length === 0;
  const records = isEmpty ? null : database.transaction("records").objectStore("records").getAll();
  const all = records ? await new Promise((resolve) => (records.onsuccess = () => resolve(records.result))) : [];
  database.close();
  return all.map(({ draft, entry }) => (entry ? "message" : draft ? "draft" : "nowhere")).sort();
}"""
_PHONE: dict[str, Any] = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True, "locale": "zh-CN"}


async def until_waiting(page: Page, *places: str) -> None:
    """Wait until the browser keeps files in these places: drafts and messages."""

    async def is_so() -> bool:
        return bool(await page.evaluate(_WAITING) == sorted(places))

    await poll(is_so)


@pytest.mark.parametrize("is_phone", [False, True], ids=["desktop", "phone"])
async def test_files_chosen_offline_survive_reloads_and_are_sent_once(
    site: Site, person: OpenPerson, is_phone: bool
) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", is_first_visit=True, **(_PHONE | {"color_scheme": "dark"} if is_phone else {}))
    bob = await person("bob")
    await sign_in(bob, site, "bob")
    await make_group(bob, "Painters", "alice")
    await sign_in(alice, site, "alice", by_touch=is_phone)
    await alice.get_by_test_id("channel-item").filter(has_text="Painters").click()
    await say(alice, "we meet at nine")
    await until_kept(alice, "we meet at nine")
    address = alice.url
    site.stop()

    await alice.goto(address)
    await expect(alice.get_by_test_id("connection-bar")).to_be_visible()
    await attach(alice, picture("river.jpg", 600, 400), file("plan.txt", b"first the sky" * 99, "text/plain"))
    await expect(alice.get_by_test_id("tray-file")).to_have_count(2)
    await until_waiting(alice, "draft", "draft")
    await alice.reload()
    tray = alice.get_by_test_id("tray-file")
    await expect(tray).to_have_count(2)
    await expect(tray.first).to_contain_text("正在等待网络连接" if is_phone else "Waiting for the connection")
    await screenshot(alice, f"offline-files-tray-{'phone' if is_phone else 'desktop'}")
    await check(alice, "files in the composer, offline", without="region")

    await alice.get_by_test_id("composer").fill("two files")
    await alice.get_by_test_id("composer").press("Enter")
    await until_waiting(alice, "message", "message")
    await attach(alice, file("notes.txt", b"for later", "text/plain"))
    await until_waiting(alice, "draft", "message", "message")
    await alice.reload()
    pending = alice.locator("[data-testid=message][data-state=pending]")
    await expect(pending).to_have_count(1)
    await expect(pending.get_by_test_id("upload-cancel")).to_be_visible()
    await expect(tray).to_have_count(1)
    await screenshot(alice, f"offline-files-message-{'phone' if is_phone else 'desktop'}")
    # Another message that she gives up.
    await tray.get_by_role("button").last.click()
    await until_waiting(alice, "message", "message")

    site.start()
    message = bob.get_by_test_id("message").filter(has_text="two files")
    await expect(message.get_by_test_id("attachment-image")).to_have_count(1)
    await expect(message.get_by_test_id("file-card")).to_contain_text("plan.txt")
    await expect(pending).to_have_count(0)
    await until_waiting(alice)
    await alice.reload()
    await expect(shown(alice, "two files")).to_have_count(1)
    await expect(shown(bob, "two files")).to_have_count(1)
    async with bob.expect_download() as download:
        await message.get_by_test_id("file-download").click()
    assert content_of(await (await download.value).path()) == b"first the sky" * 99


async def test_a_message_goes_on_in_another_tab_after_the_server_and_the_tab_were_killed(
    site: Site, person: OpenPerson, tmp_path: Path
) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(bob, site, "bob")
    await sign_in(alice, site, "alice")
    await kill_at_second_chunk(site, alice.context)
    content, film = bytes(range(256)) * (20 << 12), tmp_path / "film.bin"
    film.write_bytes(content)
    await attach(alice, film)
    await alice.get_by_test_id("composer").fill("our film")
    await alice.get_by_test_id("composer").press("Enter")
    await expect(alice.locator("[data-testid=message-upload]:visible")).to_contain_text("Waiting for the connection")
    await until_waiting(alice, "message")
    second = await alice.context.new_page()
    await alice.close()
    site.start()
    await second.goto(site.url)
    await expect(second.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    message = bob.get_by_test_id("message").filter(has_text="our film")
    await expect(message).to_have_count(1)
    async with bob.expect_download() as download:
        await message.get_by_test_id("file-download").click()
    assert content_of(await (await download.value).path()) == content
    await until_waiting(second)


async def test_a_sign_out_deletes_the_files_that_wait(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Web")
    await alice.route("**/api/v1/attachments/", lambda route: route.abort())
    await attach(alice, file("secret.txt", b"secret", "text/plain"))
    await until_waiting(alice, "draft")
    await alice.get_by_test_id("me-menu").click()
    await alice.get_by_test_id("sign-out").click()
    await expect(alice.get_by_test_id("sign-in")).to_be_visible()
    await until_waiting(alice)


_NO_ROOM = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...values) {
  if (this.name === "files") throw new DOMException("", "QuotaExceededError");
  return put.apply(this, values);
};
"""


async def test_a_browser_without_room_says_that_the_page_must_stay_open(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice", width=390, height=844, has_touch=True, is_mobile=True)
    await alice.add_init_script(_NO_ROOM)
    await sign_in(alice, site, "alice", by_touch=True)
    sent = alice.locator("[data-testid=message][data-state=sent]")
    await say(alice, "we meet at nine")
    await expect(sent).to_have_count(1)
    site.stop()
    await expect(alice.get_by_test_id("connection-bar")).to_be_visible()
    await attach(alice, file("plan.txt", b"first the sky", "text/plain"))
    note = "Leave this page open: the browser has no room to keep the file."
    told = alice.locator("#attachment-tray [data-part=status]")
    await expect(told).to_contain_text(note)
    await expect(told).to_have_css("position", "static")
    await screenshot(alice, "offline-files-no-room")
    await alice.get_by_test_id("composer").press("Enter")
    message = alice.locator("[data-testid=message][data-state=pending]")
    await expect(message.get_by_test_id("message-upload")).to_contain_text(note)
    await screenshot(alice, "offline-files-no-room-message")
    assert not await layout_faults(alice, "a file that is not kept")
    site.start()
    await expect(sent).to_have_count(2)
