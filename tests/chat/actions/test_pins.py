"""Messages are pinned and unpinned."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_private
from chat.actions.member import (
    member_invite,
    member_leave,
)
from chat.actions.message import message_recall
from chat.actions.pin import message_pin, message_pin_as_operator, message_unpin
from chat.models import Channel, Pin
from chat.selectors import access_channel
from chat.selectors.pins import pins_of
from delivery import log
from tests.support.in_process import create_global_channel, say
from tests.support.moderation import refusal

pytestmark = pytest.mark.django_db


def test_alice_pins_and_unpins(alice: User, bob: User, trio: Channel) -> None:
    said = say(bob, trio)
    before = log.head()
    for act in (message_pin, message_pin, message_unpin, message_unpin):
        act(user=alice, channel_id=trio.pk, message_id=said.id)
    events = log.read(before, 99)
    assert [(event.kind, event.channel, event.subject) for event in events] == [
        ("message.pinned", trio.pk, said.position),
        ("message.unpinned", trio.pk, said.position),
    ]
    assert events[0].body["id"] == str(said.id) and events[0].body["by"]["userId"] == "alice"


def test_members_pin_in_private_channels_only_and_operators_everywhere(
    alice: User, bob: User, trio: Channel, operator: User
) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    here = create_global_channel()
    pin = lambda channel, said: message_pin(user=bob, channel_id=channel.pk, message_id=said.id)  # noqa: E731
    assert refusal(lambda: pin(trio, say(alice, trio))) is errors.NOT_AUTHORISED
    assert refusal(lambda: pin(here, say(alice, here))) is errors.NOT_AUTHORISED
    pin(private, say(alice, private))
    message_pin_as_operator(operator=operator, message_id=say(alice, here).id)
    assert len(pins_of(bob, access_channel(bob, here.pk))) == 1


def test_a_later_member_does_not_see_earlier_pinned_messages(alice: User, carol: User, trio: Channel) -> None:
    member_leave(user=carol, channel_id=trio.pk)
    old = say(alice, trio)
    member_invite(user=alice, channel_id=trio.pk, names=["carol"])
    new = say(alice, trio)
    for said in (old, new):
        message_pin(user=alice, channel_id=trio.pk, message_id=said.id)
    seen = pins_of(carol, access_channel(carol, trio.pk))
    assert [pin.message_id for pin in seen] == [new.id]
    assert [pin.message_id for pin in pins_of(alice, access_channel(alice, trio.pk))] == [new.id, old.id]


def test_a_recall_removes_the_pin(alice: User, trio: Channel) -> None:
    said = say(alice, trio)
    message_pin(user=alice, channel_id=trio.pk, message_id=said.id)
    message_recall(user=alice, channel_id=trio.pk, message_id=said.id, app=None)
    assert not Pin.objects.exists()
    again = lambda: message_pin(user=alice, channel_id=trio.pk, message_id=said.id)  # noqa: E731
    assert refusal(again) is errors.OPERATION_FAILED


def test_pins_have_a_limit(alice: User, trio: Channel, settings: Any) -> None:
    settings.IM_MAX_PINS_PER_CHANNEL = 1
    first, second = say(alice, trio), say(alice, trio)
    message_pin(user=alice, channel_id=trio.pk, message_id=first.id)
    assert refusal(lambda: message_pin(user=alice, channel_id=trio.pk, message_id=second.id)) is errors.TOO_MUCH
