"""Pictures and voice messages pass between a phone on /ws and a browser; those of former versions are shown too."""

from __future__ import annotations

import base64
import io
import re
import struct
import wave

from PIL import Image
from playwright.async_api import expect

from chat.wire import im_pb2 as im
from tests.e2e.conditions import expect_natural_width
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.protobuf_client import ProtobufClient
from tests.support.site import Site

_IDS = "from accounts.models import User; print(*User.objects.order_by('username').values_list('pk', flat=True))"


def picture(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), (200, 80, 40)).save(made, "PNG")
    return made.getvalue()


def voice() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack("<h", 0) * 4000)
    return made.getvalue()


def _stored_before(*sent: tuple[bytes, str]) -> str:
    """Return code that stores messages from Bob to Alice as former versions did."""
    encoded = [(base64.b64encode(content).decode(), type) for content, type in sent]
    return f"""
from accounts.models import User
from chat.actions.channel import private_channel_with
from chat.actions.message import message_send_now
from chat.sending.drafts import Draft
alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
channel = private_channel_with(user=bob, other_id=alice.pk)
for content, type in {encoded!r}:
    message_send_now(Draft(sender=bob.pk, channel=channel, text=content, type=type))
"""


async def test_pictures_and_voice_messages_pass_between_a_phone_and_a_browser(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice_id, bob_id = map(int, site.manage("shell", "--no-imports", "-c", _IDS).split()[-2:])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    phone = await ProtobufClient.connect(site.acc.replace("/acc", "/ws"), bob_id)
    try:
        await phone.login(tokens["bob"], sync=0)
        sent = [(picture(600, 300), "picture"), (voice(), "voice"), (b"<svg onload='alert(1)'/>", "picture")]
        for content, type in sent:
            assert (await phone.send("single", alice_id, content, type=type)).code == 200
        await open_channel(alice, "Bob")
        await expect(alice.get_by_test_id("attachment-image")).to_have_count(1)
        await expect(alice.get_by_test_id("voice-player")).to_have_count(1)
        await expect(alice.get_by_test_id("file-card")).to_contain_text("picture.svg")
        assert await alice.locator("svg[onload]").count() == 0

        answer = {"name": "answer.png", "mimeType": "image/png", "buffer": picture(40, 30)}
        await alice.get_by_test_id("attach-input").set_input_files(answer)
        await alice.get_by_test_id("composer").press("Enter")
        await phone.until(lambda: bool(phone.messages))
        assert phone.messages[0].message_type == im.MT_PICTURE
        assert Image.open(io.BytesIO(phone.messages[0].content)).size == (40, 30)
    finally:
        await phone.close()


async def test_pictures_and_voice_messages_of_former_versions_are_shown(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    sent = ((picture(600, 300), "picture"), (voice(), "voice"), (b"<svg onload='alert(1)'/>", "picture"))
    site.manage("shell", "--no-imports", "-c", _stored_before(*sent))
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Bob")

    image = alice.get_by_test_id("message-picture")
    await expect(image).to_have_count(1)
    await expect(image).to_have_attribute("src", re.compile("^blob:"))
    # Its space was reserved before it loaded, and it was not enlarged.
    await expect_natural_width(image, 600)
    assert await image.evaluate("image => [image.width, image.height]") == [320, 160]
    await alice.get_by_test_id("picture-open").click()
    large = alice.get_by_test_id("picture-large")
    await expect(large).to_be_visible()
    await expect(large).to_have_js_property("width", 600)
    await alice.keyboard.press("Escape")
    await expect(large).to_be_hidden()
    await expect(alice.get_by_test_id("picture-open")).to_be_focused()
    sound = alice.get_by_test_id("message-voice")
    await sound.evaluate("audio => audio.readyState || new Promise((done) => (audio.onloadedmetadata = done))")
    assert await sound.evaluate("audio => audio.duration") == 0.5
    await expect(alice.get_by_test_id("message").nth(2)).to_contain_text("This picture cannot be displayed.")
    assert await alice.locator("svg[onload]").count() == 0

    await alice.get_by_test_id("message").first.hover()
    for name in ("message-edit", "message-copy"):
        await expect(alice.get_by_test_id(name)).to_be_hidden()
    await alice.get_by_test_id("message-reply").click()
    await alice.get_by_test_id("composer").fill("beautiful")
    await alice.keyboard.press("Enter")
    await expect(alice.get_by_test_id("quote").last).to_contain_text("Picture")
