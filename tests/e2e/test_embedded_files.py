"""A page of another origin shows and sends the files of its channel, by the widget's token and without a cookie."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_accessibility import check
from tests.e2e.test_embedding import block_websockets, chat, say, visit
from tests.support.embedding_site import EmbeddingSite
from tests.support.media import wav
from tests.support.pictures import picture
from tests.support.site import Site

__all__ = ["chat"]
CHAT_CSP = "img-src 'self' blob: data: {0}; media-src blob:; connect-src 'self' {0} {1}"


async def attach(page: Page, *files: Path) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files(files)


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    path = tmp_path / "蓝 sky.png"
    path.write_bytes(picture("PNG", size=(900, 600)))
    return path


async def test_two_users_exchange_files(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite], picture_file: Path, tmp_path: Path
) -> None:
    _, project = chat
    address = project.add_page("files", project.script(mode="chat"))
    ann, ben = await person("ann"), await person("ben", width=390, height=844)
    await block_websockets(ben)
    await visit(ann, project, "ann", address)
    await visit(ben, project, "ben", address)
    notes = tmp_path / "notes.txt"
    notes.write_text("All is well.")

    await attach(ann, picture_file, notes)
    await expect(ann.locator(".tray .card")).to_have_count(2)
    await expect(ann.locator(".tray progress:visible")).to_have_count(0)
    await screenshot(ann, "embedding-files-tray")
    await say(ann, "look")
    await expect(ann.locator(".tray .card")).to_have_count(0)
    for page in (ann, ben):
        image = page.locator(".message .picture img").last
        await expect(image).to_be_visible()
        await page.wait_for_function("image => image.naturalWidth > 0", arg=await image.element_handle(), polling=50)
        await expect(page.locator(".message .card-title").last).to_have_text("notes.txt")
    await check(ann, "widget")
    await screenshot(ann, "embedding-files")
    await screenshot(ben, "embedding-files-phone")

    async with ben.expect_download() as download:
        await ben.get_by_role("button", name="Download notes.txt").last.click()
    assert (await (await download.value).path()).read_text() == "All is well."
    await ben.get_by_role("button", name="Show picture 蓝 sky.png").last.click()
    whole = ben.locator("dialog.viewer img")
    await ben.wait_for_function("image => image.naturalWidth === 900", arg=await whole.element_handle(), polling=50)
    await screenshot(ben, "embedding-picture-phone")
    await ben.keyboard.press("Escape")
    await expect(ben.get_by_role("button", name="Show picture").last).to_be_focused()
    cookies = [cookie["domain"] for cookie in await ann.context.cookies()]
    assert set(cookies) == {"localhost"}, "no cookie of the chat's own host"


async def test_a_file_is_sent_once_it_is_uploaded_and_sound_is_played(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite], tmp_path: Path
) -> None:
    site, project = chat
    policy = CHAT_CSP.format(site.url, site.url.replace("http", "ws"))
    head = f"<meta http-equiv='Content-Security-Policy' content=\"{policy}\">"
    address = project.add_page("slow", project.script(mode="comments"), head=head)
    mia = await person("mia")
    await visit(mia, project, "mia", address)
    sound = tmp_path / "song.wav"
    sound.write_bytes(wav(500))
    # The message is sent before its file is uploaded.
    await mia.evaluate(
        "() => { window.send = XMLHttpRequest.prototype.send; "
        "XMLHttpRequest.prototype.send = function (body) { window.go = () => window.send.call(this, body); }; }"
    )
    await attach(mia, sound)
    await say(mia, "listen")
    await expect(mia.locator(".tray-notice")).to_contain_text("sent when its files are uploaded")
    await mia.evaluate("() => window.go()")
    await expect(mia.locator(".tray .card")).to_have_count(0)
    await expect(mia.locator(".message:not(.pending) .text").last).to_have_text("listen")
    await mia.get_by_role("button", name="Play song.wav").click()
    player = mia.locator("audio.player")
    await expect(player).to_be_visible()
    await mia.wait_for_function("sound => sound.duration > 0", arg=await player.element_handle(), polling=50)


async def test_a_refused_file_says_why_and_can_be_removed(
    browser: Browser, chat: tuple[Site, EmbeddingSite], tmp_path: Path
) -> None:
    """It has a context of its own, as the browser reports refused requests on the console."""
    _, project = chat
    address = project.add_page("refused-file", project.script(mode="chat"), lang="zh-Hans")
    context = await browser.new_context()
    leo = await context.new_page()
    await visit(leo, project, "leo", address)
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(26_214_401)
    async with leo.expect_file_chooser() as chooser:
        await leo.get_by_role("button", name="添加文件").click()
    await (await chooser.value).set_files([empty, large])
    await expect(leo.locator(".tray-notice")).to_contain_text("large.bin 太大")
    await expect(leo.locator(".tray .card.failed")).to_contain_text("空")
    await leo.get_by_role("button", name="移除 empty.txt").click()
    await expect(leo.locator(".tray")).to_be_hidden()
    await context.close()
