"""Pictures and voice messages pass between clients of `/ws` unchanged, and between these and all other clients."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.actions import attachment_cleanup as cleanup
from chat.actions.message import message_draft, message_edit, message_recall
from chat.actions.upload import upload_create
from chat.actions.upload_completion import upload_store
from chat.attachments import storage
from chat.attachments.spool import Spool
from chat.models import Attachment, Channel, InlineMedia, Message
from chat.sending.drafts import StoredMessage
from chat.sending.queue import current_queue
from chat.sending.writer import commit
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from delivery.models import Event
from tests.chat.consumers.conftest import Open
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, store_unpublished
from tests.support.pictures import MARK, picture

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 8_000
"""Bytes of a picture, in tests: four times this number of characters."""


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.IM_SITE_URL = "https://chat.example"


def upload(user: User, content: bytes, name: str = "photo.jpg", declared: str = "") -> str:
    """Upload a file as the page does; return its key."""
    row = upload_create(user=user, size=len(content), name=name, declared=declared)
    received = Spool()
    received.write(content)
    return upload_store(upload=row, received=received).key


def share(sender: User, channel: Channel, *keys: str, text: str = "") -> StoredMessage:
    """Send uploads as the page does."""
    (stored,) = commit([message_draft(sender=sender.pk, channel=channel.pk, text=text, attachments=keys)])
    assert isinstance(stored, StoredMessage), stored
    return stored


def noise(side: int) -> bytes:
    """Return a PNG picture that compresses badly."""
    made = BytesIO()
    Image.effect_noise((side, side), 90).save(made, "PNG")
    return made.getvalue()


async def test_a_picture_keeps_its_bytes_for_old_clients_and_loses_its_metadata_for_others(
    node: LocalNode, scenario: GroupScenario, enter: Open
) -> None:
    alice, old, new = await enter(scenario.alice), await enter(scenario.bob), await node.connect(scenario.bob)
    sent = picture()
    assert MARK in sent
    assert (await alice.send("group", scenario.group.pk, sent, type="picture")).code == 200

    await old.until(lambda: bool(old.messages))
    (pushed,) = old.messages
    assert (pushed.message_type, pushed.content) == (im.MT_PICTURE, sent)
    assert (await old.sync(0)).messages[0] == pushed
    data = (await new.push("msg")).data
    assert (data["type"], data["msg"], data["content"]) == ("file", "[picture.jpg]", "")
    assert [(one["kind"], one["width"], one["height"]) for one in data["attachments"]] == [("image", 60, 40)]
    row = await run(Attachment.objects.get)
    with storage.open_file(row.file) as file:
        assert MARK not in file.read()
    assert not (await run(Message.objects.get)).text
    assert len((await run(Event.objects.get, kind="msg")).body) < 1_500


async def test_a_voice_message_is_sound_for_the_page(node: LocalNode, scenario: GroupScenario, enter: Open) -> None:
    alice, old, new = await enter(scenario.alice), await enter(scenario.bob), await node.connect(scenario.bob)
    sent = b"\x1aE\xdf\xa3\x9fB\x82\x84webm" + bytes(200)
    await alice.send("single", scenario.bob.pk, sent, type="voice")

    await old.until(lambda: bool(old.messages))
    assert (old.messages[0].message_type, old.messages[0].content) == (im.MT_VOICE, sent)
    (file,) = (await new.push("msg")).data["attachments"]
    assert (file["kind"], file["type"]) == ("audio", "audio/webm")
    assert file["name"].startswith("voice-message-") and file["name"].endswith(".webm")


async def test_a_picture_that_cannot_be_read_is_a_plain_file(scenario: GroupScenario, enter: Open) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    await alice.send("group", scenario.group.pk, picture()[:400], type="picture")
    await bob.until(lambda: bool(bob.messages))
    assert bob.messages[0].content == picture()[:400]
    row = await run(Attachment.objects.get)
    assert (row.kind, row.content_type) == ("file", "application/octet-stream")


async def test_messages_keep_their_order_and_a_retry_stores_no_second_file(
    scenario: GroupScenario, enter: Open
) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    await alice.put("group", scenario.group.pk, picture(), type="picture", key="k1")
    await alice.put("group", scenario.group.pk, "after")
    await bob.until(lambda: len(bob.messages) == 2)
    assert [one.message_type for one in bob.messages] == [im.MT_PICTURE, im.MT_TEXT]

    again = await enter(scenario.alice)
    ack = await again.send("group", scenario.group.pk, picture(), type="picture", key="k1")
    assert ack.seq == bob.messages[0].seq
    assert await run(Attachment.objects.count) == 1


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("IM_UPLOAD_BYTES_PER_DAY", 10, 1011), ("IM_ATTACHMENT_TYPES", ["audio/*"], 1001)],
)
async def test_a_refused_file_is_a_refused_message(
    scenario: GroupScenario, enter: Open, settings: Settings, name: str, value: object, code: int
) -> None:
    setattr(settings, name, value)
    alice = await enter(scenario.alice)
    refusal = await alice.send("group", scenario.group.pk, picture(), type="picture")
    assert (refusal.code, refusal.client_id) == (code, 1)
    assert (await alice.send("group", scenario.group.pk, "text")).code == 200


async def test_the_file_of_a_refused_message_is_removed(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    await run(Channel.objects.filter(pk=scenario.group.pk).update, closed=True)
    assert (await alice.send("group", scenario.group.pk, picture(), type="picture")).code != 200
    assert (await run(Attachment.objects.get)).state == Attachment.State.REMOVED


async def test_pictures_and_sounds_of_the_page_reach_old_clients(scenario: GroupScenario, enter: Open) -> None:
    old = await enter(scenario.bob)
    sound = b"OggS" + bytes(60)
    await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, picture())))
    await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, noise(700), "noise.png")))
    await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, sound, "voice-message.ogg")))

    await old.until(lambda: len(old.messages) == 3)
    small, large, voice = old.messages
    assert (small.message_type, Image.open(BytesIO(small.content)).size) == (im.MT_PICTURE, (60, 40))
    assert MARK not in small.content
    assert large.message_type == im.MT_PICTURE and len(large.content) <= 4 * LIMIT
    assert Image.open(BytesIO(large.content)).format == "JPEG"
    assert (voice.message_type, voice.content) == (im.MT_VOICE, sound)
    assert list((await old.sync(0)).messages) == old.messages


async def test_files_with_a_text_and_other_files_are_texts_with_addresses(scenario: GroupScenario, enter: Open) -> None:
    old = await enter(scenario.bob)

    def share_all() -> list[str]:
        keys = [upload(scenario.alice, picture()) for _ in range(3)] + [upload(scenario.alice, b"hello", "a.txt")]
        share(scenario.alice, scenario.group, keys[0], text="look")
        share(scenario.alice, scenario.group, keys[1], keys[2])
        share(scenario.alice, scenario.group, keys[3])
        return keys

    keys = await run(share_all)
    address = "https://chat.example/files/"
    await old.message(f"look [photo.jpg]\n{address}{keys[0]}/photo.jpg")
    photos = f"{address}{keys[1]}/photo.jpg\n{address}{keys[2]}/photo.jpg"
    await old.message(f"[photo.jpg] [photo.jpg]\n{photos}")
    await old.message(f"[a.txt]\n{address}{keys[3]}/a.txt")
    assert {one.message_type for one in old.messages} == {im.MT_TEXT}


async def test_a_picture_that_gets_a_text_later_is_a_text_for_later_syncs(scenario: GroupScenario, enter: Open) -> None:
    said = await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, picture())))
    change = {"user": scenario.alice, "channel_id": scenario.group.pk, "message_id": said.id, "app": 101}
    await run(lambda: message_edit(text="look", **change))
    old = await enter(scenario.bob)
    assert old.fetched[0].content.startswith(b"look [photo.jpg]\nhttps://")


async def test_a_recalled_picture_is_empty_and_leaves_nothing(scenario: GroupScenario, enter: Open) -> None:
    said = await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, picture())))
    change = {"user": scenario.alice, "channel_id": scenario.group.pk, "message_id": said.id, "app": 101}
    await run(lambda: message_recall(**change))
    old = await enter(scenario.bob)
    assert [one.content for one in old.fetched] == [b""]
    await run(cleanup.removed_attachments_delete)
    assert not await run(InlineMedia.objects.exists)


async def test_a_picture_that_was_not_announced_arrives_with_its_bytes(
    node: LocalNode, scenario: GroupScenario, enter: Open
) -> None:
    old = await enter(scenario.bob)
    key = await run(upload, scenario.alice, picture())
    draft = message_draft(sender=scenario.alice.pk, channel=scenario.group.pk, text="", attachments=[key])
    (stored,) = await run(store_unpublished, draft)
    assert isinstance(stored, StoredMessage)
    await node.hub.catch_up_to(stored.position)
    await old.until(lambda: bool(old.messages))
    assert old.messages[0].message_type == im.MT_PICTURE and old.messages[0].content[:3] == b"\xff\xd8\xff"


async def test_a_page_of_sync_holds_no_more_pictures_than_fit(
    scenario: GroupScenario, enter: Open, settings: Settings
) -> None:
    settings.IM_OUTBOX_MAX_BYTES = 100_000
    for _ in range(3):
        await run(lambda: share(scenario.alice, scenario.group, upload(scenario.alice, bytes(100) + b"\xff")))
    rows = [row.file for row in await run(lambda: list(Attachment.objects.order_by("pk")))]
    await run(
        lambda: InlineMedia.objects.bulk_create(
            InlineMedia(file=file, type="picture", content=bytes(20_000)) for file in rows
        )
    )
    old = await enter(scenario.bob, sync=None)
    page = await old.sync(0)
    assert (len(page.messages), page.has_more) == (1, True)
    assert [len(one.content) for one in await old.fetch(page.messages[0].seq)] == [20_000, 20_000]


async def test_pictures_that_wait_to_be_stored_take_only_so_many_bytes(
    scenario: GroupScenario, enter: Open, settings: Settings
) -> None:
    alice = await enter(scenario.alice)
    with current_queue().holding(settings.IM_WRITE_QUEUE_MAX_BYTES):
        refused = await alice.send("group", scenario.group.pk, noise(20), type="picture", key="one")
    assert refused.code == 1011
    assert (await alice.send("group", scenario.group.pk, noise(20), type="picture", key="one")).code == 200
