"""A mail has the direct messages and mentions that its user may read, has not read and wants to hear of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import email_set, guest_create, user_block, user_deactivate
from accounts.actions.do_not_disturb import do_not_disturb_store
from chat import reasons
from chat.actions.account_deletion import account_delete
from chat.actions.channel import channel_create_private
from chat.actions.member import member_leave
from chat.errors import ChatError
from chat.mail_digest.actions import mail_digest_end, mail_digest_hours, mail_digest_set
from chat.mail_digest.due import digest_claim, due_digests
from chat.models import MailDigest, NotificationSetting, ReadMark
from delivery import log
from tests.chat.mail_digest.conftest import claim, note, subscribe
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)
HOUR_MS = 3_600_000


def test_direct_messages_and_mentions_are_mailed_and_nothing_else(scenario: GroupScenario) -> None:
    scenario.say("before, for @bob")
    subscribe(scenario.bob)
    private, _ = channel_create_private(creator=scenario.carol, other=scenario.bob)
    scenario.say("plain")
    scenario.say("his own, for @bob", by=scenario.bob)
    note()
    assert not due_digests(limit=9)
    say(scenario.carol, private, "to you alone")
    scenario.say("for @bob")
    claimed = claim()
    assert claimed is not None and claimed.message.to == ["bob@example.org"]
    body = str(claimed.message.body)
    assert "to you alone" in body and "for @bob" in body
    assert not any(text in body for text in ("plain", "before", "his own"))
    # It counts as sent, so no other node and no later look sends it again.
    assert digest_claim(claimed.row.pk, active=()) is None and claim() is None


CHANGES: dict[str, Callable[[GroupScenario, Any], object]] = {
    "left the group": lambda scenario, said: member_leave(user=scenario.bob, channel_id=scenario.group.pk),
    "recalled": lambda scenario, said: scenario.recall(said),
    "read": lambda scenario, said: ReadMark.objects.update_or_create(
        user=scenario.bob, channel=scenario.group, defaults={"seq": said.seq}
    ),
    "blocked": lambda scenario, said: user_block(user=scenario.bob, other_id=scenario.alice.pk),
    "level": lambda scenario, said: NotificationSetting.objects.create(
        user=scenario.bob, channel=scenario.group, level="none"
    ),
    "deactivated": lambda scenario, said: user_deactivate(user_id=scenario.bob.pk),
    "deleted": lambda scenario, said: account_delete(user_id=scenario.bob.pk),
    "without address": lambda scenario, said: email_set(user_id=scenario.bob.pk, email=None),
    "ended": lambda scenario, said: mail_digest_end(user_id=scenario.bob.pk),
    "refused": lambda scenario, said: MailDigest.objects.update(failure="550 unknown"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_in_between_are_respected(scenario: GroupScenario, change: str) -> None:
    subscribe(scenario.bob)
    said = scenario.say("a secret for @bob")
    note()
    [user_id] = due_digests(limit=9)
    CHANGES[change](scenario, said)
    assert digest_claim(user_id, active=()) is None and not due_digests(limit=9)


def test_a_muted_private_channel_is_not_mailed_and_a_mention_in_a_muted_group_is(scenario: GroupScenario) -> None:
    subscribe(scenario.bob)
    private, _ = channel_create_private(creator=scenario.carol, other=scenario.bob)
    for channel in (private, scenario.group):
        NotificationSetting.objects.create(user=scenario.bob, channel=channel, muted=True)
    say(scenario.carol, private, "to you alone")
    assert claim() is None
    scenario.say("for @bob")
    claimed = claim()
    assert claimed is not None and "to you alone" not in str(claimed.message.body)


def test_a_mail_waits_for_quiet_time_activity_and_its_delay(scenario: GroupScenario, settings: Any) -> None:
    subscribe(scenario.bob)
    until = timezone.now() + timedelta(hours=3)
    do_not_disturb_store(user_id=scenario.bob.pk, until=until)
    said = scenario.say("for @bob")
    assert claim() is None
    row = MailDigest.objects.get()
    assert row.due_at == round(until.timestamp() * 1000)
    do_not_disturb_store(user_id=scenario.bob.pk, until=None)
    settings.IM_MAIL_DIGEST_DELAY_SECONDS = 1800
    for active in ([scenario.bob], []):
        MailDigest.objects.update(due_at=0)
        assert claim(*active) is None
        due_at = MailDigest.objects.get().due_at
        assert due_at is not None and abs(due_at - said.time - 1_800_000) < 60_000


def test_a_user_gets_one_mail_in_their_hours(scenario: GroupScenario) -> None:
    subscribe(scenario.bob, hours=24)
    scenario.say("one for @bob")
    assert claim() is not None
    scenario.say("two for @bob")
    note()
    row = MailDigest.objects.get()
    assert row.sent_at is not None and row.due_at == row.sent_at + 24 * HOUR_MS > log.now_ms()
    MailDigest.objects.update(due_at=0, sent_at=row.sent_at - 24 * HOUR_MS)
    claimed = claim()
    assert claimed is not None and "two" in str(claimed.message.body) and "one" not in str(claimed.message.body)


@pytest.mark.parametrize(("before", "after"), [(4, 24), (24, 4)])
def test_a_new_choice_holds_for_a_mail_that_waits(scenario: GroupScenario, before: int, after: int) -> None:
    subscribe(scenario.bob, hours=before)
    scenario.say("one for @bob")
    assert claim() is not None
    scenario.say("two for @bob")
    note()
    mail_digest_set(user=scenario.bob, hours=after)
    assert claim() is None
    row = MailDigest.objects.get()
    assert row.sent_at is not None and row.due_at == row.sent_at + after * HOUR_MS


def test_mails_need_a_confirmed_address_an_account_and_a_site_that_sends(
    scenario: GroupScenario, settings: Any
) -> None:
    def refusal(user: Any) -> object:
        with pytest.raises(ChatError) as refused:
            mail_digest_set(user=user, hours=4)
        return refused.value.reason

    assert refusal(scenario.bob) is reasons.EMAIL_REQUIRED
    assert refusal(guest_create(name="Visitor")) is reasons.ACCOUNT_REQUIRED
    settings.IM_SITE_URL = ""
    assert refusal(scenario.bob) is reasons.FORBIDDEN


def test_a_new_choice_ends_a_failure(scenario: GroupScenario) -> None:
    subscribe(scenario.bob)
    MailDigest.objects.update(failure="550 unknown")
    assert mail_digest_hours(scenario.bob) == 0
    mail_digest_set(user=scenario.bob, hours=24)
    assert mail_digest_hours(scenario.bob) == 24
    mail_digest_set(user=scenario.bob, hours=0)
    assert mail_digest_hours(scenario.bob) == 0 and not MailDigest.objects.exists()
