"""A private channel takes no messages while the other user's account is not active."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.actions import user_activate, user_deactivate
from accounts.models import User
from chat import payloads
from chat.actions.account_deletion import account_delete
from chat.actions.addressing import AddressedMessage, Destination
from chat.actions.channel import channel_create_private
from chat.actions.ephemeral import message_push
from chat.actions.moderation import user_ban, user_unban
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import access_channel
from chat.selectors.lists import channel_summary
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from delivery import log
from delivery.models import Event
from tests.support.in_process import create_users, draft, say
from tests.support.restrictions import block

pytestmark = pytest.mark.django_db(transaction=True)

UNREACHABLE = "user_unreachable"


def ban(user: User) -> None:
    user_ban(operator=User.objects.create_superuser("olga"), user_id=user.pk, channel_id=None, until=None, reason="")


WAYS: dict[str, Callable[[User], object]] = {
    "deactivated": lambda user: user_deactivate(user_id=user.pk),
    "banned": ban,
    "deleted": lambda user: account_delete(user_id=user.pk),
}
ways = pytest.mark.parametrize("leave", WAYS.values(), ids=WAYS)


def reason(one: Draft) -> str:
    (outcome,) = commit([one])
    assert isinstance(outcome, ChatError), outcome
    return outcome.reason.key


def changes() -> list[bool]:
    """Return whether the account was active, as each logged change of a profile says it."""
    found = [entry for entry in log.read(0, 1000) if entry.kind == "person.changed" and entry.body]
    return [entry.body["who"].get("active", True) for entry in found]


@ways
def test_no_message_is_stored_for_a_user_who_is_gone(
    alice: User, bob: User, private: Channel, leave: Callable[[User], object]
) -> None:
    first = say(alice, private, client_id="k")
    leave(bob)
    before = Event.objects.count()
    kinds = [draft(alice, private), draft(alice, private, reply_to=first.id), draft(alice, private, type="picture")]
    assert {reason(one) for one in kinds} == {UNREACHABLE}
    assert Event.objects.count() == before
    assert say(alice, private, client_id="k").repeated


def test_the_refusal_harms_no_other_message_of_the_batch(
    alice: User, bob: User, private: Channel, group: Channel
) -> None:
    (carol,) = create_users("carol")
    with_carol, _ = channel_create_private(creator=alice, other=carol)
    user_deactivate(user_id=bob.pk)
    outcomes = commit([draft(alice, private), draft(alice, with_carol), draft(carol, with_carol), draft(alice, group)])
    assert [type(outcome) for outcome in outcomes] == [ChatError, *[StoredMessage] * 3]


def test_both_users_of_a_channel_may_be_gone(alice: User, bob: User, private: Channel) -> None:
    for user in (alice, bob):
        user_deactivate(user_id=user.pk)
    assert {reason(draft(user, private)) for user in (alice, bob)} == {"account_inactive"}


@pytest.mark.parametrize("way", ["deactivated", "banned"])
def test_a_user_who_returns_is_reached_again(alice: User, bob: User, private: Channel, way: str) -> None:
    WAYS[way](bob)
    assert reason(draft(alice, private)) == UNREACHABLE
    if way == "banned":
        user_unban(operator=User.objects.get(username="olga"), user_id=bob.pk)
    else:
        user_activate(user_id=bob.pk)
    assert say(alice, private).seq == 1


@ways
def test_a_block_stays_secret(alice: User, bob: User, private: Channel, leave: Callable[[User], object]) -> None:
    block(bob, alice)
    assert reason(draft(alice, private)) == "cannot_message_user"
    leave(bob)
    assert reason(draft(alice, private)) == UNREACHABLE


@ways
def test_the_page_hears_that_the_user_is_gone(
    alice: User, bob: User, private: Channel, leave: Callable[[User], object]
) -> None:
    def shown() -> dict[str, object]:
        peer: dict[str, object] = payloads.channel(channel_summary(alice, access_channel(alice, private.pk)))["peer"]
        return peer

    assert "active" not in shown()
    leave(bob)
    assert shown()["active"] is False
    assert changes() and not any(changes())


def test_the_page_hears_that_the_user_is_back(alice: User, bob: User, private: Channel) -> None:
    user_deactivate(user_id=bob.pk)
    user_activate(user_id=bob.pk)
    # For bob's own connections and for alice.
    assert changes() == [False, False, True, True]


def test_an_unstored_message_is_refused_as_well(alice: User, bob: User, private: Channel) -> None:
    user_deactivate(user_id=bob.pk)
    (result,) = message_push(caller=alice, message=AddressedMessage((Destination("channel", private.pk),), "hello"))
    assert result.refusal is not None and result.refusal.reason.key == UNREACHABLE
