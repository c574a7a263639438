"""Alice and Bob send each other pictures, files and voice messages; an upload survives a crash of the server."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.e2e.conditions import expect_natural_width, use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.page_checks import check
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

# Stands for a microphone: a tone whose loudness changes. A recording is played again and again, because one of a second
# would be over before a slow test looks at it.
MICROPHONE = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  this.loop = true;
  return play.call(this);
};
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext();
  const tone = context.createOscillator(), wave = context.createOscillator(), gain = context.createGain();
  wave.frequency.value = 2;
  wave.connect(gain.gain);
  tone.connect(gain);
  const microphone = context.createMediaStreamDestination();
  gain.connect(microphone);
  tone.start();
  wave.start();
  return microphone.stream;
};
"""

_FROM_A_SECOND_ON = re.compile(r"^\d+:(?!00)\d\d$")


def file(name: str, content: bytes, type: str = "application/octet-stream") -> Any:
    return {"name": name, "mimeType": type, "buffer": content}


def picture(name: str, width: int, height: int, color: tuple[int, int, int] = (200, 80, 40)) -> Any:
    made = io.BytesIO()
    Image.new("RGB", (width, height), color).save(made, "JPEG")
    return file(name, made.getvalue(), "image/jpeg")


async def swipe(page: Page, distance: int) -> None:
    """Move a finger over the open dialog, to the right by `distance` px."""
    dialog = page.locator("dialog[open]")
    for type, x in (("pointerdown", 100), ("pointerup", 100 + distance)):
        event = {"pointerType": "touch", "isPrimary": True, "bubbles": True, "clientX": x, "clientY": 400}
        await dialog.dispatch_event(type, event)


async def kill_at_second_chunk(site: Site, context: BrowserContext) -> None:
    """Kill the site when a page of the context sends the second chunk of a file."""
    chunks = 0

    async def crash(route: Route) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            site.kill()
        await route.continue_()

    await context.route("**/api/v1/uploads/*/", crash)


async def attach(page: Page, *files: Any) -> None:
    """Choose files: paths, or what `file` makes."""
    await page.get_by_test_id("attach-input").set_input_files(list(files))


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def test_alice_and_bob_send_pictures_files_and_a_voice_message(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    bob = await person(
        "bob", width=390, height=800, locale="zh-CN", has_touch=True, color_scheme="dark", is_mobile=True
    )
    for page in (alice, bob):
        await page.add_init_script(MICROPHONE)
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob", by_touch=True)
    async with await Client.connect(site.acc) as phone:
        await phone.login_token(tokens["bob"])
        await phone.call("channel.create", kind="public", name="Painters", members=["alice"])
    await open_channel(alice, "Painters")
    await bob.get_by_test_id("back").tap()
    await bob.get_by_test_id("channel-item").filter(has_text="Painters").tap()

    # The message goes when its files are uploaded, whether Enter is pressed before or after that.
    await attach(alice, picture("Early Spring.jpg", 800, 600), picture("溪山行旅图.jpg", 300, 900, (20, 90, 60)))
    await attach(alice, file("Quarterly report of all departments.csv", b"a,b\n1,2\n" * 99, "text/csv"))
    await expect(alice.get_by_test_id("tray-file")).to_have_count(3)
    await alice.get_by_test_id("composer").fill("From the **opening**")
    await screenshot(alice, "attachments-tray")
    await check(alice, "files in the composer")
    await alice.get_by_test_id("composer").press("Enter")
    await expect(alice.get_by_test_id("attachment-tray")).to_be_hidden()

    message = bob.get_by_test_id("message").filter(has_text="From the")
    await expect(message.get_by_test_id("attachment-image")).to_have_count(2)
    await expect(message.locator("strong")).to_have_text("opening")
    await expect(message.get_by_test_id("file-card")).to_contain_text("ents.csv")
    async with bob.expect_download() as download:
        await message.get_by_test_id("file-download").tap()
    assert content_of(await (await download.value).path()) == b"a,b\n1,2\n" * 99
    await message.get_by_test_id("attachment-picture").first.tap()
    large = bob.get_by_test_id("picture-large")
    await expect(large).to_have_attribute("alt", "Early Spring.jpg")
    await expect(large).to_have_attribute("src", re.compile(r"/files/"))
    await expect_natural_width(large, 800)
    await expect(large).to_have_js_property("width", 390)
    await screenshot(bob, "picture-viewer-phone")
    await bob.get_by_test_id("viewer-next").tap()
    await expect(large).to_have_attribute("alt", "溪山行旅图.jpg")
    await expect(bob.get_by_test_id("viewer-count")).to_have_text("2 / 2")
    await swipe(bob, 150)
    await expect(bob.get_by_test_id("viewer-count")).to_have_text("1 / 2")
    await check(bob, "picture viewer")
    await bob.locator("dialog[open]").get_by_test_id("dialog-cancel").tap()
    await expect(large).to_be_hidden()

    await bob.get_by_test_id("record").tap()
    await expect(bob.get_by_test_id("recorder-time")).to_have_text(_FROM_A_SECOND_ON)
    await bob.get_by_test_id("recorder-send").tap()
    voice = alice.get_by_test_id("voice-player")
    await expect(voice).to_have_attribute("data-drawn", "true")
    await voice.get_by_test_id("voice-speed").click()
    await voice.get_by_test_id("voice-play").click()
    await expect(voice.get_by_test_id("voice-play")).to_have_attribute("aria-label", "Pause")
    await expect(voice.get_by_test_id("voice-speed")).to_have_text("1.5×")
    await screenshot(alice, "attachments")
    await screenshot(bob, "attachments-phone")

    await check(alice, "files in the timeline")

    # Held: a release sends, and one away from the button discards.
    button = alice.get_by_test_id("record")
    for away, count in ((200, 1), (0, 2)):
        await button.hover()
        await alice.mouse.down()
        await expect(alice.get_by_test_id("recorder-time")).to_have_text(_FROM_A_SECOND_ON)
        if away:
            box = await button.bounding_box()
            assert box
            await alice.mouse.move(box["x"] - away, box["y"])
        await alice.mouse.up()
        await expect(alice.get_by_test_id("recorder")).to_be_hidden()
        await expect(bob.get_by_test_id("voice-player")).to_have_count(count)

    # By keyboard, with the focus back where it was.
    await alice.get_by_test_id("attachment-picture").first.focus()
    await alice.keyboard.press("Enter")
    await alice.keyboard.press("ArrowRight")
    await expect(alice.get_by_test_id("picture-large")).to_have_attribute("alt", "溪山行旅图.jpg")
    await alice.keyboard.press("Escape")
    await expect(alice.get_by_test_id("attachment-picture").first).to_be_focused()

    # A single file is forwarded, and removed by the menu.
    own = alice.get_by_test_id("message").filter(has_text="From the")
    await own.get_by_test_id("file-card").hover()
    await screenshot(alice, "file-forward")
    await own.get_by_test_id("file-forward").click()
    await alice.locator("#dialog-forward").get_by_test_id("dialog-cancel").click()
    await use_toolbar(own, "message-more")
    await screenshot(alice, "file-remove")
    await alice.get_by_test_id("remove-file").filter(has_text="ents.csv").click()
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    for page, removed in ((alice, "Removed"), (bob, "已移除")):
        await expect(page.get_by_test_id("file-card")).to_contain_text(removed)

    await use_toolbar(shown(alice, "opening"), "message-recall")
    await alice.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(bob.get_by_test_id("attachment-image")).to_have_count(0)
    await expect(bob.get_by_test_id("file-card")).to_have_count(0)


async def test_an_upload_goes_on_after_a_crash_of_the_server(site: Site, person: OpenPerson, tmp_path: Path) -> None:
    register(site, ["alice"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await kill_at_second_chunk(site, alice.context)
    content, film = bytes(range(256)) * (20 << 12), tmp_path / "film.bin"
    film.write_bytes(content)
    await attach(alice, film)
    await alice.get_by_test_id("composer").press("Enter")
    await alice.get_by_test_id("composer").fill("a word meanwhile")
    await alice.get_by_test_id("composer").press("Enter")
    await expect(alice.locator("[data-testid=message-upload]:visible")).to_contain_text("Waiting for the connection")
    site.start()

    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(2)
    async with alice.expect_download() as download:
        await alice.get_by_test_id("file-download").click()
    assert content_of(await (await download.value).path()) == content
