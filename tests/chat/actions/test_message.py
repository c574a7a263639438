"""Stored messages are edited, recalled and marked as read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_group, channel_set_closed
from chat.actions.member import member_invite, member_set_role
from chat.actions.message import (
    message_draft,
    message_edit,
    message_recall,
    message_recall_as_operator,
    message_send_now,
    read_mark,
)
from chat.errors import ChatError, Code
from chat.models import Channel, Message
from chat.sending.drafts import StoredMessage
from delivery import log
from tests.support.in_process import create_global_channel, create_guest, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said(bob: User, group: Channel) -> StoredMessage:
    return say(bob, group, "by Bob")


def edit(user: User, group: Channel, said: StoredMessage, text: str = "edited") -> int:
    return message_edit(user=user, channel_id=group.pk, message_id=said.id, text=text, app=101, origin="c.1")[1]


def recall(user: User, group: Channel, said: StoredMessage) -> int | None:
    return message_recall(user=user, channel_id=group.pk, message_id=said.id, app=101)[1]


def refusal(act: Callable[[], object]) -> Code:
    before = log.head()
    with pytest.raises(ChatError) as refused:
        act()
    assert log.head() == before
    return refused.value.code


def test_an_edit_is_an_event_about_the_message_and_redacts_the_old_text(
    bob: User, group: Channel, said: StoredMessage
) -> None:
    position = edit(bob, group, said)
    first, second = log.read(said.position - 1, 9)
    assert (second.position, second.kind, second.ref, second.origin) == (position, "message.edited", said.id, "c.1")
    assert second.subject == said.position
    assert (first.body["msg"], second.body["msg"]) == ("edited", "edited")
    assert first.body["editedAt"] == second.body["editedAt"]


def test_an_edit_in_a_global_channel_or_open_group_reaches_everyone(alice: User) -> None:
    for channel in (create_global_channel(), channel_create_group(creator=alice, name="Open", join="open")):
        said = say(alice, channel)
        edit(alice, channel, said)
        assert log.read(said.position, 1)[0].subject is None


def test_a_recall_leaves_no_text_anywhere(bob: User, group: Channel, said: StoredMessage) -> None:
    edit(bob, group, said, "edited by Bob")
    assert recall(bob, group, said) == log.head()
    assert Message.objects.get(pk=said.id).text == ""
    events = log.read(said.position - 1, 9)
    assert [event.kind for event in events] == ["msg", "message.edited", "message.recalled"]
    assert not any("by Bob" in str(event.body) for event in events)


def test_a_second_recall_causes_no_event(bob: User, group: Channel, said: StoredMessage) -> None:
    recall(bob, group, said)
    before = log.head()
    assert recall(bob, group, said) is None and log.head() == before
    assert refusal(lambda: edit(bob, group, said)) is errors.OPERATION_FAILED


@pytest.mark.parametrize(
    ("who", "may_edit", "may_recall"),
    [("alice", errors.NOT_AUTHORISED, None), ("bob", None, None), ("carol", errors.NO_DATA, errors.NO_DATA)],
    ids=["the owner", "the author", "a stranger"],
)
@pytest.mark.usefixtures("carol")
def test_roles_decide_who_can_edit_and_recall(
    group: Channel, said: StoredMessage, who: str, may_edit: Code | None, may_recall: Code | None
) -> None:
    user = User.objects.get(username=who)
    for act, code in ((edit, may_edit), (recall, may_recall)):
        if code is None:
            act(user, group, said)
        else:
            assert refusal(lambda act=act: act(user, group, said)) is code


def test_an_admin_cannot_recall_an_unreadable_message(
    alice: User, carol: User, group: Channel, said: StoredMessage
) -> None:
    member_invite(user=alice, channel_id=group.pk, names=["carol"])
    member_set_role(user=alice, channel_id=group.pk, name="carol", role="admin")
    assert refusal(lambda: recall(carol, group, said)) is errors.NO_DATA


def test_in_a_global_channel_only_author_and_operator_can_recall(alice: User, bob: User) -> None:
    here = create_global_channel()
    visitor = create_guest("夏圭？")
    said = say(visitor, here, app=101)
    assert refusal(lambda: recall(alice, here, said)) is errors.NOT_AUTHORISED
    message_recall_as_operator(operator=bob, message_id=said.id)
    assert log.read(log.head() - 1, 1)[0].body["by"]["userId"] == "bob"
    again = say(visitor, here, app=101)
    assert recall(visitor, here, again) is not None


def test_a_closed_channel_allows_recalls_but_no_edits(
    alice: User, bob: User, group: Channel, said: StoredMessage
) -> None:
    channel_set_closed(operator=alice, channel_id=group.pk, closed=True)
    assert refusal(lambda: edit(bob, group, said)) is errors.OPERATION_FAILED
    assert recall(bob, group, said) is not None


def test_a_message_sent_alone_is_stored_or_raises(alice: User, carol: User, group: Channel) -> None:
    assert message_send_now(message_draft(sender=alice.pk, channel=group.pk, text="a\r\nb")).seq == 1
    assert Message.objects.get().text == "a\nb"
    assert (
        refusal(lambda: message_send_now(message_draft(sender=carol.pk, channel=group.pk, text="hi"))) is errors.NO_DATA
    )
    assert refusal(lambda: message_draft(sender=alice.pk, channel=group.pk, text="x", type="picture"))


def test_sending_moves_the_read_mark_of_the_sender_only(
    alice: User, bob: User, carol: User, group: Channel, said: StoredMessage
) -> None:
    assert read_mark(user=bob, channel_id=group.pk, seq=0, app=101) == 1
    assert read_mark(user=alice, channel_id=group.pk, seq=0, app=101) == 0
    assert refusal(lambda: read_mark(user=carol, channel_id=group.pk, seq=1, app=101)) is errors.NO_DATA
