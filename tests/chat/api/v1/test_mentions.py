"""`mentions/` lists what mentions the service; messages and webhooks carry their mentions."""

from __future__ import annotations

from accounts.models import User
from chat.actions.channel import channel_create_group
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import say


def test_the_shop_lists_its_mentions(alice: User, bob: User, shop: User, grant: Grant) -> None:
    group = channel_create_group(creator=alice, name="Orders", members=["shop"])
    other = channel_create_group(creator=alice, name="Other", members=["bob"])
    for channel, text in ((group, "@shop one"), (group, "two"), (other, "@shop no"), (group, "@shop three")):
        said = say(alice, channel, text)
    caller = Caller(grant(shop, "view_message"))
    first = caller.get("mentions/?limit=1").data
    assert [row["msg"] for row in first["results"]] == ["@shop three"]
    assert first["results"][0]["mentions"] == [{"id": str(shop.pk), "name": "shop"}]
    rest = caller.get(f"mentions/?limit=1&cursor={first['next']}").data
    assert ([row["msg"] for row in rest["results"]], rest["next"]) == (["@shop one"], None)
    assert caller.get(f"messages/{said.id}/").data["mentions"] == first["results"][0]["mentions"]
    assert Caller(grant(bob, "view_message")).get("mentions/").data == {"results": [], "next": None}
    assert Caller(None).get("mentions/").status == 401
