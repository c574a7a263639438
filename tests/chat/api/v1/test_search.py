"""`search/messages/` checks permissions and returns matches in order."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import Channel
from chat.search.index import index_advance
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.chat.api.v1.test_history import say


@pytest.fixture
def group(alice: User, shop: User) -> Channel:
    """Return a group of Alice and the shop, with three messages."""
    channel = channel_create_group(creator=alice, name="Orders", members=["shop"])
    for number in range(3):
        say(alice, channel, f"parcel {number} 包裹")
    assert not index_advance()
    return channel


def test_the_shop_finds_messages_in_pages(group: Channel, shop: User, grant: Grant) -> None:
    caller = Caller(grant(shop, "view_message"))
    first = caller.get("search/messages/?q=PARCEL&limit=2").data
    assert [row["msg"] for row in first["results"]] == ["parcel 2 包裹", "parcel 1 包裹"]
    second = caller.get(f"search/messages/?q=PARCEL&limit=2&cursor={first['next']}").data
    assert ([row["msg"] for row in second["results"]], second["next"]) == (["parcel 0 包裹"], None)
    assert first["results"][0]["target"] == str(group.pk)
    assert len(caller.get(f"search/messages/?q=包裹&channel={group.pk}").data["results"]) == 3
    assert caller.get("search/messages/?q=!!!").data == {"results": [], "next": None}


def test_a_stranger_finds_nothing_and_sees_no_channel(group: Channel, bob: User, grant: Grant) -> None:
    caller = Caller(grant(bob, "view_message"))
    assert caller.get("search/messages/?q=parcel").data["results"] == []
    hidden, absent = (caller.get(f"search/messages/?q=parcel&channel={pk}") for pk in (group.pk, 2**62))
    assert hidden.status == absent.status == 404 and hidden.data == absent.data


def test_a_manager_of_all_groups_searches_them(group: Channel, grant: Grant) -> None:
    manager = User.objects.create_user("manager", kind=User.Kind.SERVICE)
    caller = Caller(grant(manager, "view_message", "manage_channels"))
    assert len(caller.get("search/messages/?q=parcel").data["results"]) == 3
    assert len(caller.get(f"search/messages/?q=parcel&channel={group.pk}").data["results"]) == 3


def test_the_permission_to_manage_groups_gives_a_user_no_results(group: Channel, bob: User, grant: Grant) -> None:
    caller = Caller(grant(bob, "view_message", "manage_channels"))
    assert caller.get("search/messages/?q=parcel").data["results"] == []


def test_the_search_needs_its_permission(group: Channel, shop: User, grant: Grant) -> None:
    assert Caller(None).get("search/messages/?q=parcel").status == 401
    assert Caller(grant(shop, "use_gateway")).get("search/messages/?q=parcel").status == 403


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20", f"q={'x' * 101}", "q=x&limit=0", "q=x&cursor=eHg", "q=x&cursor=_"]
)
def test_an_invalid_query_is_a_clear_error(group: Channel, shop: User, grant: Grant, query: str) -> None:
    assert Caller(grant(shop, "view_message")).get(f"search/messages/?{query}").status == 400
