"""A notification is sent only if its kind was chosen, and its user may read it and wants to hear of it now."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import password_change, session_end, sign_out_everywhere, user_block, user_deactivate
from accounts.actions.do_not_disturb import do_not_disturb_store
from accounts.models import User
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_create_private
from chat.actions.member import member_leave
from chat.models import NotificationSetting, PushNotification, PushSubscription, ReadMark, ThreadFollower
from chat.push import notifications, payload, preparation
from chat.push.request import PushRequest
from delivery import log
from tests.chat.push.conftest import Subscribe, stored
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def sent(monkeypatch: pytest.MonkeyPatch, *active: User) -> list[tuple[str, str]]:
    """Return the user and the text of each notification that is to be sent now."""
    bodies: list[dict[str, Any]] = []

    def keep(row: PushNotification, body: bytes) -> PushRequest:
        bodies.append(json.loads(body))
        return PushRequest("http://127.0.0.1/", body, {})

    monkeypatch.setattr(preparation, "push_request", keep)
    rows = notifications.due_notifications(limit=100, without=[])
    preparation.prepare(rows, {user.pk for user in active})
    names = dict(User.objects.values_list("pk", "username"))
    return sorted((names[int(body["user"])], body["text"]) for body in bodies)


def test_each_kind_reaches_those_who_chose_it(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = dict.fromkeys(("direct", "mentions", "threads"), False)
    subscribe(scenario.bob, **nothing | {"mentions": True})
    subscribe(scenario.alice, **nothing | {"threads": True})
    subscribe(scenario.carol, **nothing | {"direct": True})
    private, _ = channel_create_private(creator=scenario.alice, other=scenario.carol)
    root = scenario.say("plain")
    ThreadFollower.objects.all().delete()
    say(scenario.bob, scenario.group, "in the thread", thread=root.id, thread_only=True)
    assert stored() == 1
    assert sent(monkeypatch) == [("alice", "in the thread")]
    say(scenario.alice, private, "direct")
    scenario.say("for @bob")
    assert stored() == 3
    assert sent(monkeypatch) == [("alice", "in the thread"), ("bob", "for @bob"), ("carol", "direct")]


LEVELS = {
    ("default", False): ["all", "for @bob"],
    ("default", True): ["for @bob"],
    ("mentions", False): ["for @bob"],
    ("none", False): [],
    ("all", False): ["all", "for @bob"],
}


@pytest.mark.parametrize(("level", "muted"), LEVELS)
def test_a_muted_channel_and_its_level_come_before_the_browsers_choice(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch, level: str, muted: bool
) -> None:
    subscribe(scenario.bob, everything=level != "all")
    if level != "default" or muted:
        NotificationSetting.objects.create(user=scenario.bob, channel=scenario.group, level=level, muted=muted)
    found = []
    for text in ("all", "for @bob"):
        PushNotification.objects.all().delete()
        scenario.say(text)
        if stored():
            found += [shown for _, shown in sent(monkeypatch)]
    assert found == LEVELS[level, muted]


def test_everything_is_all_messages_of_ones_channels_but_no_own_ones(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scenario.say("before")
    for user in (scenario.alice, scenario.bob, scenario.carol):
        subscribe(user, everything=True)
    scenario.say("one")
    assert before and stored() == 1
    assert sent(monkeypatch) == [("bob", "one")]
    assert PushNotification.objects.get().count == 1
    # He answers, so he has read it.
    scenario.say("two", by=scenario.bob)
    assert stored() == 2
    assert sent(monkeypatch) == [("alice", "two")]


def test_a_later_message_of_a_channel_takes_the_place_of_the_earlier_one(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(scenario.bob, everything=True)
    for text in ("one", "two"):
        scenario.say(text)
        assert stored() == 1
    assert sent(monkeypatch) == [("bob", "two")]
    row = PushNotification.objects.get()
    assert row.count == 2
    # A third one arrives while the second is being sent.
    scenario.say("three")
    stored()
    notifications.notification_sent(row=row)
    assert PushNotification.objects.get().count == 1
    assert sent(monkeypatch) == [("bob", "three")]


Change = Callable[[GroupScenario, Any], object]
CHANGES: dict[str, Change] = {
    "left the group": lambda scenario, said: member_leave(user=scenario.bob, channel_id=scenario.group.pk),
    "recalled": lambda scenario, said: scenario.recall(said),
    "read": lambda scenario, said: ReadMark.objects.update_or_create(
        user=scenario.bob, channel=scenario.group, defaults={"seq": said.seq}
    ),
    "blocked": lambda scenario, said: user_block(user=scenario.bob, other_id=scenario.alice.pk),
    "undisturbed": lambda scenario, said: do_not_disturb_store(
        user_id=scenario.bob.pk, until=timezone.now() + timedelta(hours=1)
    ),
    "muted": lambda scenario, said: NotificationSetting.objects.create(
        user=scenario.bob, channel=scenario.group, muted=True
    ),
    "mentions only": lambda scenario, said: NotificationSetting.objects.create(
        user=scenario.bob, channel=scenario.group, level="mentions"
    ),
    "not everything any more": lambda scenario, said: PushSubscription.objects.update(everything=False),
    "expired": lambda scenario, said: PushNotification.objects.update(expires_at=log.now_ms()),
    "deactivated": lambda scenario, said: user_deactivate(user_id=scenario.bob.pk),
    "signed out": lambda scenario, said: sign_out_everywhere(user_id=scenario.bob.pk),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_in_between_is_respected(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    subscribe(scenario.bob, everything=True)
    said = scenario.say("a secret")
    assert stored() == 1
    CHANGES[change](scenario, said)
    assert sent(monkeypatch) == []


def test_a_mention_in_a_channel_that_was_muted_meanwhile_is_sent(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(scenario.bob)
    scenario.say("for @bob")
    stored()
    setting = NotificationSetting.objects.create(user=scenario.bob, channel=scenario.group, muted=True)
    assert sent(monkeypatch) == [("bob", "for @bob")]
    setting.level = "none"
    setting.save()
    assert sent(monkeypatch) == []


def test_active_users_wait_and_then_hear_nothing_if_they_are_active_still(
    scenario: GroupScenario, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(scenario.bob, everything=True)
    scenario.say("hello")
    stored()
    prepared = preparation.prepare(notifications.due_notifications(limit=9, without=[]), {scenario.bob.pk})
    assert (len(prepared.defer), prepared.drop, prepared.requests) == (1, [], [])
    notifications.notifications_defer(rows=prepared.defer)
    assert not notifications.due_notifications(limit=9, without=[])
    PushNotification.objects.update(due_at=0)
    assert sent(monkeypatch) == [("bob", "hello")]
    prepared = preparation.prepare(notifications.due_notifications(limit=9, without=[]), {scenario.bob.pk})
    assert (prepared.defer, len(prepared.drop)) == ([], 1)


def test_a_later_message_to_an_active_user_waits_anew(scenario: GroupScenario, subscribe: Subscribe) -> None:
    subscribe(scenario.bob, everything=True)
    for text in ("one", "two"):
        scenario.say(text)
        stored()
        PushNotification.objects.update(due_at=0)
        prepared = preparation.prepare(notifications.due_notifications(limit=9, without=[]), {scenario.bob.pk})
        assert (len(prepared.defer), prepared.drop) == (1, [])
        notifications.notifications_defer(rows=prepared.defer)


ENDS: dict[str, Callable[[User, str], object]] = {
    "session revoked": lambda user, key: session_end(user_id=user.pk, session_key=key),
    "signed out everywhere": lambda user, key: sign_out_everywhere(user_id=user.pk),
    "deactivated": lambda user, key: user_deactivate(user_id=user.pk),
    "password changed": lambda user, key: password_change(user=user, new_password="another good password"),
    "account deleted": lambda user, key: account_delete(user_id=user.pk),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_subscription_ends_with_its_session(scenario: GroupScenario, subscribe: Subscribe, end: str) -> None:
    phone = subscribe(scenario.bob)
    scenario.say("for @bob")
    assert stored() == 1
    ENDS[end](scenario.bob, phone.session_key)
    assert not PushSubscription.objects.exists() and not PushNotification.objects.exists()


def test_content_is_left_out_where_the_device_or_the_site_wants_it(
    scenario: GroupScenario, subscribe: Subscribe, settings: Any
) -> None:
    subscribe(scenario.bob, everything=True, shows_text=False)
    said = scenario.say("x" * 10_000)
    stored()
    (row,) = notifications.due_notifications(limit=9, without=[])
    (message,) = preparation._wanted_messages([row]).values()
    assert message.pk == said.id
    shown = json.loads(payload.message_notification(row, message))
    assert "text" not in shown and (shown["name"], shown["channel"]) == ("Alice", "Painters")
    row.subscription.shows_text = True
    body = payload.message_notification(row, message)
    assert json.loads(body)["text"] == "x" * payload.MAX_TEXT_LENGTH + "…"
    message.text = "你" * 10_000
    assert len(payload.message_notification(row, message)) <= payload.MAX_BYTES
    settings.IM_PUSH_CONTENT = False
    shown = json.loads(payload.message_notification(row, message))
    assert set(shown) == {"user", "subscription", "target", "seq", "message", "count"}
