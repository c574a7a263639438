"""Saved messages are listed under the present rights of their user."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import reasons
from chat.actions.account_deletion import account_delete
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_recall
from chat.actions.retention import channel_delete_expired
from chat.actions.saved import message_save, message_unsave
from chat.errors import ChatError
from chat.models import Channel, SavedMessage
from chat.selectors.readable import readable_anywhere
from chat.selectors.saved import saved_ids, saved_messages
from chat.sending.drafts import StoredMessage
from delivery import log
from tests.support.in_process import create_global_channel, say

pytestmark = pytest.mark.django_db(transaction=True)


def save(user: User, said: StoredMessage) -> SavedMessage:
    return message_save(user=user, channel_id=said.channel, message_id=said.id)


def listed(user: User, *, app: int | None = None, limit: int = 20) -> list[int]:
    """Return the ids of all saved messages that the user may read, read page by page."""
    found: list[int] = []
    before: int | None = None
    while True:
        rows, before = saved_messages(user, readable_anywhere(user, app=app), before=before, limit=limit)
        assert len(rows) <= limit
        found += [row.message_id for row in rows]
        if before is None:
            return found


def test_the_last_saved_message_comes_first(alice: User, bob: User, trio: Channel) -> None:
    first, second, third = (say(alice, trio) for _ in range(3))
    for said in (second, first, third, second):
        save(bob, said)
    assert [listed(bob, limit=limit) for limit in (1, 2, 3)] == [[third.id, first.id, second.id]] * 3
    assert saved_ids(bob, before=None) == ([third.id, first.id, second.id], None)
    assert listed(alice) == []
    assert message_unsave(user=bob, message_id=first.id)
    assert not message_unsave(user=bob, message_id=first.id)
    assert listed(bob) == [third.id, second.id]


def test_what_the_user_may_not_read_is_hidden_until_they_may(alice: User, bob: User, trio: Channel) -> None:
    said = say(alice, trio)
    save(bob, said)
    member_leave(user=bob, channel_id=trio.pk)
    assert listed(bob) == []
    assert saved_ids(bob, before=None)[0] == [said.id]
    with pytest.raises(ChatError) as error:
        save(bob, say(alice, trio))
    assert error.value.reason is reasons.CHANNEL_NOT_FOUND
    member_invite(user=alice, channel_id=trio.pk, names=["bob"])
    assert listed(bob) == [said.id]
    member_leave(user=bob, channel_id=trio.pk)
    assert message_unsave(user=bob, message_id=said.id), "what cannot be read can be removed"


def test_the_channel_of_an_app_is_listed_there(alice: User) -> None:
    said = say(alice, create_global_channel(103))
    save(alice, said)
    assert [listed(alice, app=app) for app in (None, 103, 101)] == [[said.id], [said.id], []]


def test_recalled_and_deleted_messages_never_come_back(
    alice: User, bob: User, trio: Channel, settings: Settings
) -> None:
    settings.IM_MAX_SAVED_MESSAGES = 1
    said = say(alice, trio)
    save(bob, said)
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    assert listed(bob) == []
    with pytest.raises(ChatError) as error:
        save(alice, said)
    assert error.value.reason is reasons.MESSAGE_RECALLED
    # A recalled message does not count.
    save(bob, say(alice, trio))
    with pytest.raises(ChatError) as error:
        save(bob, say(alice, trio))
    assert error.value.reason is reasons.SAVED_LIMIT_REACHED
    channel_delete_expired(channel_id=trio.pk, before=log.now_ms() + 1000)
    assert not SavedMessage.objects.exists()


def test_a_deleted_account_has_saved_nothing(alice: User, bob: User, trio: Channel) -> None:
    save(bob, say(alice, trio))
    account_delete(user_id=bob.pk)
    assert not SavedMessage.objects.exists()
    with pytest.raises(ChatError) as error:
        save(bob, say(alice, create_global_channel()))
    assert error.value.reason is reasons.ACCOUNT_INACTIVE
