"""`channels/<id>/messages/` returns the history in pages to callers that may read it."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_draft, message_recall, message_send_now
from chat.models import Channel
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller


def say(user: User, channel: Channel, text: str) -> int:
    return message_send_now(message_draft(sender=user.pk, channel=channel.pk, text=text)).id


@pytest.fixture
def reader(shop: User, grant: Grant) -> Caller:
    return Caller(grant(shop, "view_message"))


@pytest.fixture
def group(alice: User, shop: User) -> Channel:
    """Return Alice's group, with the shop in it from the fourth message on."""
    channel = channel_create_group(creator=alice, name="Painters")
    for number in range(3):
        say(alice, channel, f"before {number}")
    member_invite(user=alice, channel_id=channel.pk, names=["shop"])
    for number in range(7):
        say(alice, channel, f"said {number}")
    return channel


def _texts(page: dict) -> list[str]:
    return [row["msg"] for row in page["results"]]


def test_history_is_read_backwards_in_pages(reader: Caller, group: Channel) -> None:
    page = reader.get(f"channels/{group.pk}/messages/?limit=3").data
    assert _texts(page) == ["said 4", "said 5", "said 6"]
    page = reader.get(f"channels/{group.pk}/messages/?limit=3&cursor={page['next']}").data
    assert _texts(page) == ["said 1", "said 2", "said 3"]
    page = reader.get(f"channels/{group.pk}/messages/?limit=3&cursor={page['next']}").data
    # Messages from before the shop joined are missing.
    assert (_texts(page), page["next"]) == (["said 0"], None)
    assert [note["note"] for note in page["notes"]] == ["invited"]


def test_history_is_read_forwards_from_a_message(reader: Caller, group: Channel) -> None:
    page = reader.get(f"channels/{group.pk}/messages/?after=0&limit=5").data
    assert _texts(page) == [f"said {number}" for number in range(5)]
    page = reader.get(f"channels/{group.pk}/messages/?limit=5&cursor={page['next']}").data
    assert (_texts(page), page["next"]) == (["said 5", "said 6"], None)
    assert _texts(reader.get(f"channels/{group.pk}/messages/?before=5").data) == ["said 0"]


def test_a_recalled_message_has_no_text(reader: Caller, group: Channel, alice: User) -> None:
    message = say(alice, group, "secret")
    message_recall(user=alice, channel_id=group.pk, message_id=message, app=None)
    row = reader.get(f"channels/{group.pk}/messages/?limit=1").data["results"][0]
    assert (row["msg"], row["recalled"]) == ("", True)


@pytest.mark.parametrize(
    "query",
    ["before=x", "after=-1", "before=1&after=1", "limit=0", "cursor=eDox", "cursor=YWZ0ZXI6eA", "before=" + "9" * 30,
     "limit=007", "before=007", "after=1e3"],
)  # fmt: skip
def test_a_bad_page_is_a_clear_error(reader: Caller, group: Channel, query: str) -> None:
    assert reader.get(f"channels/{group.pk}/messages/?{query}").status == 400


def test_a_former_member_cannot_read_the_history(reader: Caller, group: Channel, shop: User) -> None:
    member_leave(user=shop, channel_id=group.pk)
    left, absent = reader.get(f"channels/{group.pk}/messages/"), reader.get(f"channels/{2**62}/messages/")
    assert left.status == 404 and left.data == absent.data


def test_a_manager_of_all_groups_reads_their_history(group: Channel, grant: Grant) -> None:
    manager = User.objects.create_user("manager", kind=User.Kind.SERVICE)
    page = Caller(grant(manager, "view_message", "manage_channels")).get(f"channels/{group.pk}/messages/").data
    assert len(page["results"]) == 10
