"""The page shows, plays and downloads files that are in an object storage of another origin."""

from __future__ import annotations

import io
import wave

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_attachments import attach, content_of, file, picture
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.fixtures.sites import SiteFactory
from tests.support.object_storage import ObjectStorage


def sound() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as written:
        written.setparams((1, 1, 8000, 0, "NONE", ""))
        written.writeframes(bytes(range(100, 150)) * 800)
    return made.getvalue()


async def test_bob_sees_hears_and_downloads_files(
    site_factory: SiteFactory, object_storage: ObjectStorage, person: OpenPerson
) -> None:
    with site_factory(**object_storage.environment()) as site:
        tokens = register(site, ["alice", "bob"])
        async with await Client.connect(site.acc) as phone:
            await phone.login_token(tokens["bob"])
            await phone.call("channel.create", kind="public", name="Painters", members=["alice"])
        alice, bob = await person("alice"), await person("bob")
        loaded: list[tuple[str, str]] = []
        bob.on("response", lambda response: loaded.append((response.url, response.request.resource_type)))
        for page, name in ((alice, "alice"), (bob, "bob")):
            await sign_in(page, site, name)
            await open_channel(page, "Painters")

        shot, heard = picture("Early Spring.jpg", 1200, 900), sound()
        await attach(alice, shot, file("tone.wav", heard, "audio/wav"), file("page.html", b"<b>x</b>", "text/html"))
        await alice.get_by_test_id("composer").press("Enter")
        message = bob.get_by_test_id("message").filter(has=bob.get_by_test_id("attachment-image"))
        image = message.get_by_test_id("attachment-image")
        await expect(image).to_have_js_property("naturalWidth", 800)
        await message.get_by_test_id("attachment-picture").click()
        large = bob.get_by_test_id("picture-large")
        await expect(large).to_have_js_property("naturalWidth", 1200)
        async with bob.expect_download() as download:
            await bob.get_by_test_id("viewer-download").click()
        assert len(content_of(await (await download.value).path())) > 1000
        assert (await download.value).suggested_filename == "Early Spring.jpg"
        await bob.keyboard.press("Escape")

        await message.locator("audio").evaluate("audio => audio.play()")
        await expect(message.locator("audio")).to_have_js_property("duration", 5)
        async with bob.expect_download() as download:
            await message.get_by_test_id("file-download").last.click()
        assert content_of(await (await download.value).path()) == b"<b>x</b>"
        kinds = {kind for url, kind in loaded if url.startswith(object_storage.url)}
        assert "image" in kinds and "media" not in kinds, "a player outlives an address that is valid for a minute"
