"""Reactions are added, counted and removed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import reasons
from chat.actions.channel import channel_create_private
from chat.actions.member import member_leave
from chat.actions.message import message_recall
from chat.actions.moderation import member_restrict
from chat.actions.reaction import message_react, message_unreact
from chat.actions.retention import channel_delete_expired
from chat.errors import ChatError
from chat.models import Channel, Reaction, ReactionUser
from chat.reaction_emoji import normalize_emoji
from chat.reasons import Reason
from chat.selectors.reactions import MAX_NAMED_USERS, reactions_of
from delivery import log
from tests.support.in_process import create_users, say

pytestmark = pytest.mark.django_db


def react(user: User, channel: Channel, message: int, emoji: str = "👍") -> int:
    """Add the reaction and return its number."""
    return message_react(user=user, channel_id=channel.pk, message_id=message, emoji=emoji, app=None).count


def unreact(user: User, channel: Channel, message: int, emoji: str = "👍") -> int:
    return message_unreact(user=user, channel_id=channel.pk, message_id=message, emoji=emoji, app=None).count


def reason(user: User, channel: Channel, message: int, emoji: str = "👍") -> Reason:
    with pytest.raises(ChatError) as refused:
        react(user, channel, message, emoji)
    return refused.value.reason


def test_each_user_counts_once(alice: User, bob: User, trio: Channel) -> None:
    said, before = say(bob, trio), log.head()
    assert [react(alice, trio, said.id), react(alice, trio, said.id), react(bob, trio, said.id)] == [1, 1, 2]
    assert [unreact(alice, trio, said.id), unreact(alice, trio, said.id)] == [1, 1]
    events = [
        (event.kind, event.subject, event.body["count"], event.body["by"]["userId"]) for event in log.read(before, 99)
    ]
    assert events == [
        ("message.reacted", said.position, 1, "alice"),
        ("message.reacted", said.position, 2, "bob"),
        ("message.unreacted", said.position, 1, "alice"),
    ]


def test_readers_see_counts_names_and_their_own(alice: User, bob: User, carol: User, trio: Channel) -> None:
    first, second = say(bob, trio), say(bob, trio)
    react(bob, trio, first.id, "🎉")
    react(alice, trio, first.id)
    react(carol, trio, first.id)
    unreact(bob, trio, first.id, "🎉")
    react(bob, trio, first.id, "🎉")
    react(alice, trio, first.id, "🙏")
    unreact(alice, trio, first.id, "🙏")
    shown = reactions_of([first.id, second.id], alice)
    assert list(shown) == [first.id]
    assert [(one.emoji, one.count, one.is_mine, [user.username for user in one.users]) for one in shown[first.id]] == [
        ("🎉", 1, False, ["bob"]),
        ("👍", 2, True, ["alice", "carol"]),
        ("🙏", 0, False, []),
    ]


def test_many_users_are_counted_and_few_are_named(alice: User, trio: Channel) -> None:
    said = say(alice, trio)
    crowd = create_users(*[f"user{number}" for number in range(MAX_NAMED_USERS + 5)])
    reaction = Reaction.objects.create(message_id=said.id, emoji="👍", count=len(crowd), position=1)
    ReactionUser.objects.bulk_create([ReactionUser(reaction=reaction, user=user, time=1) for user in crowd])
    with CaptureQueriesContext(connection) as queries:
        (shown,) = reactions_of([said.id], alice)[said.id]
    assert (shown.count, shown.is_mine, shown.users) == (MAX_NAMED_USERS + 5, False, crowd[:MAX_NAMED_USERS])
    assert len(queries) == 4


def test_messages_without_reactions_cost_one_query(alice: User, trio: Channel) -> None:
    said = say(alice, trio)
    with CaptureQueriesContext(connection) as queries:
        assert reactions_of([said.id], alice) == {}
    assert len(queries) == 1


def test_a_message_has_a_limited_number_of_different_emoji(
    alice: User, bob: User, trio: Channel, settings: Settings
) -> None:
    settings.IM_MAX_EMOJI_PER_MESSAGE = 2
    said = say(alice, trio)
    assert react(alice, trio, said.id, "👍") == react(alice, trio, said.id, "🎉") == 1
    assert reason(bob, trio, said.id, "🙏") is reasons.REACTION_LIMIT_REACHED
    assert react(bob, trio, said.id, "🎉") == 2


@pytest.mark.parametrize("text", ["", "a", "1", "👍👍", "👍 ", ":+1:", "<b>", "👍" * 50, "\ufe0f"])
def test_other_texts_are_refused(alice: User, trio: Channel, text: str) -> None:
    assert reason(alice, trio, say(alice, trio).id, text) is reasons.NOT_AN_EMOJI


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("\u2764", "\u2764\ufe0f"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("👍🏽", "👍🏽"),
        ("\U0001f3f3\u200d🌈", "\U0001f3f3\ufe0f\u200d🌈"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("🇨🇳", "🇨🇳"),
    ],
)
def test_forms_of_an_emoji_are_one(typed: str, stored: str) -> None:
    assert normalize_emoji(typed) == stored


def test_a_recall_removes_reactions(alice: User, bob: User, trio: Channel) -> None:
    said = say(alice, trio)
    react(bob, trio, said.id)
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    assert not Reaction.objects.exists()
    assert reason(bob, trio, said.id) is reasons.MESSAGE_RECALLED


def test_retention_removes_reactions(alice: User, trio: Channel) -> None:
    react(alice, trio, say(alice, trio).id)
    channel_delete_expired(channel_id=trio.pk, before=2**62)
    assert not Reaction.objects.exists()


def test_muted_users_and_former_members_cannot_react(alice: User, bob: User, carol: User, trio: Channel) -> None:
    said = say(alice, trio)
    react(carol, trio, said.id)
    member_restrict(user=alice, channel_id=trio.pk, name="bob", kind="mute", until=None)
    member_leave(user=carol, channel_id=trio.pk)
    assert reason(bob, trio, said.id) is reasons.MUTED
    assert reason(carol, trio, said.id) is reasons.CHANNEL_NOT_FOUND
    with pytest.raises(ChatError):
        unreact(carol, trio, said.id)
    assert ReactionUser.objects.count() == 1


def test_a_message_of_another_channel_is_unknown(alice: User, bob: User, trio: Channel) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    assert reason(bob, trio, say(alice, private).id) is reasons.MESSAGE_NOT_FOUND
