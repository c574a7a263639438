"""A group's picture is made of an upload of a manager, and is replaced and removed with its address."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import Client
from PIL import Image

from accounts import avatars
from accounts.models import User
from chat import reasons
from chat.actions.channel_picture import channel_set_picture
from chat.errors import ChatError
from chat.models import Attachment, Channel, ChannelPicture
from delivery import log
from tests.support.attachments import stored_attachment
from tests.support.export import unpacked_export
from tests.support.identity_provider import picture
from tests.support.moderation import announced
from tests.support.operators import send_message

pytestmark = pytest.mark.django_db


def refused(user: User, channel: Channel, attachment: str) -> str:
    with pytest.raises(ChatError) as refusal:
        channel_set_picture(user=user, channel_id=channel.pk, attachment=attachment)
    return refusal.value.reason.key


def test_alice_sets_replaces_and_removes_the_picture(alice: User, trio: Channel) -> None:
    before, addresses = log.head(), []
    for colour in ("#c0592b", "#2b59c0"):
        upload = stored_attachment(alice, picture(colour=colour))
        addresses.append(channel_set_picture(user=alice, channel_id=trio.pk, attachment=upload.key).channel.picture)
        upload.refresh_from_db()
        assert upload.state == Attachment.State.REMOVED
    replaced, present = (Client().get(address) for address in addresses)
    assert (replaced.status_code, present.status_code, present["Content-Type"]) == (404, 200, "image/webp")
    assert Image.open(BytesIO(present.content)).size == (256, 256)
    for _ in range(2):
        assert channel_set_picture(user=alice, channel_id=trio.pk, attachment=None).channel.picture == ""
    assert Client().get(addresses[1]).status_code == 404
    assert (ChannelPicture.objects.count(), len(announced(before, "channel.note"))) == (0, 3)


def test_the_owner_exports_the_picture(alice: User, bob: User, trio: Channel) -> None:
    upload = stored_attachment(alice, picture())
    address = channel_set_picture(user=alice, channel_id=trio.pk, attachment=upload.key).channel.picture
    name = f"group-pictures/{trio.pk}.webp"
    assert unpacked_export(alice)[name] == Client().get(address).content
    assert name not in unpacked_export(bob)


def test_other_uploads_and_other_users_are_refused(alice: User, bob: User, trio: Channel) -> None:
    other, own = stored_attachment(bob, picture()), stored_attachment(alice, b"no picture")
    assert refused(alice, trio, other.key) == "attachment_not_found"
    assert refused(alice, trio, "a\0b") == "attachment_not_found"
    assert refused(alice, trio, own.key) == "avatar_unreadable"
    for upload in (other, stored_attachment(bob, b"no picture")):
        assert refused(bob, trio, upload.key) == reasons.MANAGER_REQUIRED.key
    other.refresh_from_db()
    assert other.state == Attachment.State.READY
    for key in ("x" * 22, "a%00b", ".."):
        assert Client().get(f"/group-pictures/{key}.webp").status_code == 404


def test_an_upload_that_is_sent_meanwhile_stays_with_its_message(
    alice: User, trio: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, message = stored_attachment(alice, picture()), send_message(alice, trio, "x")
    normalize = avatars.normalize_picture

    def send_meanwhile(content: bytes) -> bytes:
        Attachment.objects.filter(pk=upload.pk).update(message=message)
        return normalize(content)

    monkeypatch.setattr(avatars, "normalize_picture", send_meanwhile)
    assert refused(alice, trio, upload.key) == "attachment_not_found"
    upload.refresh_from_db()
    assert (upload.state, ChannelPicture.objects.count()) == (Attachment.State.READY, 0)
