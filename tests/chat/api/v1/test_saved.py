"""`/api/v1/saved/` lists the messages that a service has saved."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.member import member_leave
from chat.models import SavedMessage
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_service_saves_lists_and_removes(alice: User, shop: User, grant: Grant) -> None:
    bot = Caller(grant(shop, "view_message"))
    group = channel_create_group(creator=alice, name="Parcels", members=[shop.username], join="closed")
    first, second = say(alice, group, "one"), say(alice, group, "two")
    for said in (first, second, first):
        reply = bot("PUT", f"messages/{said.id}/saved/")
        assert (reply.status, reply.data["target"], reply.data["id"]) == (200, str(group.pk), str(said.id))
        assert reply.data["savedAt"] == SavedMessage.objects.get(message=said.id).saved_at
    page = bot.get("saved/?limit=1").data
    assert [row["msg"] for row in page["results"]] == ["two"]
    rest = bot.get(f"saved/?limit=1&cursor={page['next']}").data
    assert ([row["msg"] for row in rest["results"]], rest["next"]) == (["one"], None)

    member_leave(user=shop, channel_id=group.pk)
    assert bot.get("saved/").data == {"results": [], "next": None}
    refused = bot("PUT", f"messages/{second.id}/saved/")
    assert (refused.status, refused.data["reason"]) == (404, "message_not_found")
    assert [bot("DELETE", f"messages/{first.id}/saved/").status for _ in range(2)] == [204, 404]
