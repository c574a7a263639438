"""A service chooses what it hears of a channel."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.member import member_invite
from chat.models import Channel
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

pytestmark = pytest.mark.django_db


def test_a_service_sets_what_it_hears(alice: User, trio: Channel, shop: User, grant: Grant) -> None:
    caller, path = Caller(grant(shop, "view_channel")), f"channels/{trio.pk}/notifications/"
    assert caller("GET", path).status == 404
    member_invite(user=alice, channel_id=trio.pk, names=[shop.username])

    assert caller("GET", path).data == {"level": "default", "muted": False}
    assert caller("PATCH", path, {"level": "mentions"}).data == {"level": "mentions", "muted": False}
    assert caller("GET", f"channels/{trio.pk}/").data["notifications"] == {"level": "mentions", "muted": False}
    assert caller("PATCH", path, {"level": "loud"}).status == 400
