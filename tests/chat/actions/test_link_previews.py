"""Previews are shown, replaced and removed by events of their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import payloads, reasons
from chat.actions.channel import channel_create_private
from chat.actions.channel_settings import channel_update_settings
from chat.actions.link_preview import (
    known_previews,
    message_remove_preview,
    message_set_previews,
    preview_store,
    text_to_preview,
    unused_previews_delete,
)
from chat.actions.message import message_edit, message_recall
from chat.actions.retention import channel_delete_expired
from chat.attachments import storage
from chat.attachments.inspection import make_thumbnail
from chat.errors import ChatError
from chat.models import Channel, LinkPreview, Message, MessagePreview
from delivery import log
from tests.support.in_process import create_global_channel, say
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

LINK, OTHER = "https://a.test/", "https://b.test/"
TEXT = f"see {LINK} {OTHER}"


def store(address: str = LINK, title: str = "A page", **fields: Any) -> LinkPreview:
    given = {"description": "", "site_name": "", "thumbnail": None, **fields}
    return preview_store(address=address, title=title, **given)


def shown(message_id: int) -> list[str]:
    return [item["url"] for item in Message.objects.get(pk=message_id).previews or ()]


def remove(user: User, channel: Channel, message_id: int, preview: LinkPreview) -> int | None:
    _, position = message_remove_preview(
        user=user, channel_id=channel.pk, message_id=message_id, preview_id=preview.key, app=None
    )
    return position


def previewed(bodies_after: int = 0) -> list[list[str]]:
    """Return the addresses in each event about previews, as a replay shows them now."""
    events = [entry for entry in log.read(bodies_after, 99) if entry.kind == "message.previewed"]
    return [[item["url"] for item in event.body["previews"]] for event in events]


def test_a_message_shows_its_previews_by_one_event(alice: User, trio: Channel) -> None:
    said, rows = say(alice, trio, TEXT), [store(), store(OTHER, "", description="unseen")]
    for _ in range(2):
        message_set_previews(message_id=said.id, text=TEXT, previews=rows)
    assert shown(said.id) == [LINK] and previewed() == [[LINK]]
    row = Message.objects.select_related("sender").get(pk=said.id)
    assert payloads.message(row, row.sender)["previews"] == [{"id": rows[0].key, "url": LINK, "title": "A page"}]
    assert row.edited_at is None
    event = log.read(said.position, 9)[0]
    assert (event.channel, event.ref, event.subject) == (trio.pk, said.id, said.position)


def test_an_outdated_text_gets_none(alice: User, trio: Channel) -> None:
    said = say(alice, trio, TEXT)
    message_set_previews(message_id=said.id, text="earlier", previews=[store()])
    message_set_previews(message_id=999_999, text=TEXT, previews=[store()])
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    message_set_previews(message_id=said.id, text="", previews=[store()])
    assert not previewed() and text_to_preview(said.id) is None


def test_a_removed_preview_does_not_come_back(alice: User, bob: User, trio: Channel) -> None:
    said, rows = say(bob, trio, TEXT), [store(), store(OTHER)]
    message_set_previews(message_id=said.id, text=TEXT, previews=rows)
    assert remove(bob, trio, said.id, rows[0]) is not None and remove(bob, trio, said.id, rows[0]) is None
    # A replay of the earlier event does not show what was removed.
    assert shown(said.id) == [OTHER] and previewed() == [[OTHER], [OTHER]]
    text = TEXT + " again"
    message_edit(user=bob, channel_id=trio.pk, message_id=said.id, text=text, app=None)
    message_set_previews(message_id=said.id, text=text, previews=rows)
    assert shown(said.id) == [OTHER]
    message_edit(user=bob, channel_id=trio.pk, message_id=said.id, text="nothing", app=None)
    message_set_previews(message_id=said.id, text="nothing", previews=[])
    assert shown(said.id) == [] and previewed() == [[], [], []]


def test_the_sender_and_managers_remove_previews(alice: User, bob: User, carol: User, trio: Channel) -> None:
    said, row = say(bob, trio, TEXT), store()
    message_set_previews(message_id=said.id, text=TEXT, previews=[row])
    with pytest.raises(ChatError) as refused:
        remove(carol, trio, said.id, row)
    assert refused.value.reason is reasons.MANAGER_REQUIRED and shown(said.id) == [LINK]
    assert remove(alice, trio, said.id, row) is not None and shown(said.id) == []


def test_a_recall_removes_them_everywhere(alice: User, trio: Channel) -> None:
    said = say(alice, trio, TEXT)
    message_set_previews(message_id=said.id, text=TEXT, previews=[store()])
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    assert shown(said.id) == [] and previewed() == [[]] and not MessagePreview.objects.exists()
    assert [entry.body.get("previews") for entry in log.read(0, 99) if entry.kind == "msg"] == [[]]


def test_channels_and_senders_decide(alice: User, bob: User, trio: Channel) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    everywhere = create_global_channel()
    in_group, in_private = say(alice, trio, TEXT).id, say(alice, private, TEXT).id
    in_global, of_bob = say(alice, everywhere, TEXT).id, say(bob, private, TEXT).id

    def wanting() -> list[int]:
        ids = (in_group, in_private, in_global, of_bob)
        return [pk for pk in ids if (found := text_to_preview(pk)) is not None and found.is_wanted]

    assert wanting() == [in_global]
    channel_update_settings(user=alice, channel_id=trio.pk, link_previews=True)
    User.objects.filter(pk=alice.pk).update(previews_private_links=True)
    assert wanting() == [in_group, in_private, in_global]
    channel_update_settings(user=alice, channel_id=trio.pk, link_previews=False)
    assert wanting() == [in_private, in_global]
    channel_update_settings(user=alice, channel_id=trio.pk, join="open", link_previews=False)
    assert wanting() == [in_private, in_global]


def test_only_the_owner_chooses_and_open_groups_have_them(alice: User, bob: User, trio: Channel) -> None:
    trio.memberships.filter(user=bob).update(role="admin")
    assert not trio.shows_link_previews
    with pytest.raises(ChatError) as refused:
        channel_update_settings(user=bob, channel_id=trio.pk, link_previews=True)
    assert refused.value.reason is reasons.OWNER_REQUIRED
    changed = channel_update_settings(user=bob, channel_id=trio.pk, join="open", link_previews=False).channel
    assert changed.shows_link_previews and changed.link_previews is None


def test_pages_are_shared_for_their_time(settings: Settings) -> None:
    first, nothing = store(), store(OTHER, "")
    assert known_previews([LINK, OTHER, "https://c.test"]) == {LINK: first, OTHER: nothing}
    newer = store()
    assert known_previews([LINK]) == {LINK: newer}
    LinkPreview.objects.update(loaded_at=log.now_ms() - settings.IM_LINK_PREVIEW_HOURS * 3_600_000 - 1)
    assert known_previews([LINK, OTHER]) == {}


def test_a_picture_is_for_readers_of_the_message(alice: User, bob: User, carol: User, group: Channel) -> None:
    row = store(thumbnail=make_thumbnail(picture(size=(900, 600))))
    said = say(alice, group, TEXT)
    message_set_previews(message_id=said.id, text=TEXT, previews=[row])
    (item,) = Message.objects.get(pk=said.id).previews or ()
    assert (item["picture"], item["width"], item["height"]) == (f"/link-previews/{said.id}/{row.key}.webp", 320, 213)

    def status(user: User | None, url: str = item["picture"]) -> int:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client.get(url).status_code

    reader = Client()
    reader.force_login(bob)
    response = reader.get(item["picture"])
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert response["Cache-Control"] == "private, no-cache" and response["X-Content-Type-Options"] == "nosniff"
    other = say(alice, group, TEXT)
    assert [status(carol), status(None), status(bob, item["picture"].replace(str(said.id), str(other.id)))] == [404] * 3
    remove(alice, group, said.id, row)
    assert status(bob) == 404


def test_unused_pages_go_with_their_pictures(alice: User, trio: Channel, settings: Settings) -> None:
    row = store(thumbnail=make_thumbnail(picture()))
    said = say(alice, trio, TEXT)
    message_set_previews(message_id=said.id, text=TEXT, previews=[row])
    LinkPreview.objects.update(loaded_at=log.now_ms() - (settings.IM_LINK_PREVIEW_HOURS + 2) * 3_600_000)
    assert unused_previews_delete() == 0 and storage.file_size(row.picture) > 0
    channel_delete_expired(channel_id=trio.pk, before=2**62)
    assert unused_previews_delete() == 1 and not LinkPreview.objects.exists()
    with pytest.raises(FileNotFoundError):
        storage.file_size(row.picture)


def test_a_picture_that_cannot_be_deleted_hinders_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = store(thumbnail=make_thumbnail(picture()))
    store(OTHER, thumbnail=make_thumbnail(picture()))
    LinkPreview.objects.update(loaded_at=log.now_ms() - (settings.IM_LINK_PREVIEW_HOURS + 2) * 3_600_000)

    def delete(name: str) -> None:
        if name == stuck.picture:
            raise OSError("the storage is away")

    monkeypatch.setattr(storage, "delete_file", delete)
    assert unused_previews_delete() == 1
    assert list(LinkPreview.objects.all()) == [stuck]
