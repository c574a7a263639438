"""`DELETE` removes a file or a link preview from a message."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.link_preview import message_set_previews, preview_store
from chat.actions.message import message_draft
from chat.models import Attachment, Message
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.attachments import ready_attachment
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_service_removes_its_file_and_those_of_groups_that_it_manages(alice: User, shop: User, grant: Grant) -> None:
    bot = Caller(grant(shop, "delete_message"))
    group = channel_create_group(creator=alice, name="Parcels", members=[shop.username], join="closed")
    paths = []
    for user in (shop, alice):
        file = ready_attachment(user, "till.jpg")
        (said,) = commit([message_draft(sender=user.pk, channel=group.pk, text="", attachments=[file.key])])
        assert isinstance(said, StoredMessage)
        paths.append(f"messages/{said.id}/attachments/{file.key}/")
    assert [bot("DELETE", path).status for path in [paths[0], *paths]] == [204, 204, 403]
    assert bot("DELETE", paths[0].replace("attachments/", "attachments/x")).data["reason"] == "attachment_not_found"
    manager = Caller(grant(shop, "delete_message", "manage_channels"))
    assert manager("DELETE", paths[1]).status == 204
    assert {row.state for row in Attachment.objects.all()} == {Attachment.State.REMOVED}


def test_a_service_removes_a_preview_of_its_message(alice: User, shop: User, grant: Grant) -> None:
    bot = Caller(grant(shop, "delete_message", "view_message"))
    group = channel_create_group(creator=alice, name="Parcels", members=[shop.username])
    paths = []
    for user in (shop, alice):
        said = say(user, group, "https://a.test/")
        page = preview_store(address="https://a.test/", title="A", description="", site_name="", thumbnail=None)
        message_set_previews(message_id=said.id, text="https://a.test/", previews=[page])
        paths.append(f"messages/{said.id}")
    (shown,) = bot("GET", f"{paths[0]}/").data["previews"]
    statuses = [bot("DELETE", f"{path}/previews/{shown['id']}/").status for path in [paths[0], *paths]]
    assert (shown["title"], statuses) == ("A", [204, 204, 403])
    assert [message.previews == [] for message in Message.objects.order_by("pk")] == [True, False]
