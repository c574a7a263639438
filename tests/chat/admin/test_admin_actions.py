"""What deeds have in common: what stands on record of them, and that nothing typed is lost when one is refused."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.report import message_report
from chat.models import Announcement, Channel, Report, Restriction
from tests.support.operators import CHANNELS, MESSAGES, say, signed_in, staff


def recorded() -> str:
    return LogEntry.objects.latest("pk").change_message


def test_who_was_muted_where_for_how_long_and_why_is_on_record(operator: Client, bob: User, group: Channel) -> None:
    given = {"member": "bob", "hours": 24, "reason": "Calm\n down"}
    operator.post(f"{CHANNELS}{group.pk}/mute/", {"confirmed": "mute", **given})
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr) == ("olga", "Painters")
    assert entry.change_message == "Mute a member.\nMember: bob\nFor: A day\nReason: Calm down"


def test_why_a_message_was_recalled_is_on_record_and_what_it_said_is_not(
    operator: Client, bob: User, group: Channel
) -> None:
    rude = say(bob, group, "rude words")
    assert 'name="why"' in operator.get(f"{MESSAGES}{rude.pk}/recall/").content.decode()
    operator.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "recall", "why": "Alice complained"})
    assert recorded() == "Recall message.\nWhy: Alice complained"
    assert not LogEntry.objects.filter(object_repr__contains="rude words").exists()


def test_a_changed_policy_stands_on_record_with_what_was_changed_alone(operator: Client, group: Channel) -> None:
    given = {"join": group.join, "history": group.history, "slow_mode": 30, "announcements_only": "on"}
    operator.post(f"{CHANNELS}{group.pk}/policy/", {"confirmed": "policy", **given})
    assert recorded() == "Set policy.\nAnnouncements only: yes\nSlow mode: 30"


def test_a_report_is_on_record_with_the_message_and_the_reason(
    operator: Client, alice: User, bob: User, group: Channel
) -> None:
    rude = say(bob, group, "rude")
    report = message_report(user=alice, channel_id=group.pk, message_id=rude.pk, reason="He insults me", app=None)
    operator.post(f"/admin/chat/report/{report.pk}/recall_ban/", {"confirmed": "recall_ban"})
    lines = recorded().split("\n")
    assert lines[0] == "Recall, ban for a week." and "Message: " in lines[1] and "of bob" in lines[1]
    assert lines[2:] == ["Reported by: alice", "Reason: He insults me"]
    assert Report.objects.get().state == "acted"


def test_the_record_is_in_one_language_and_shown_in_the_reader_s(bob: User) -> None:
    olga = User.objects.create_superuser("olga", language="zh-hans")
    chinese = signed_in(olga)
    page = chinese.post(
        f"/admin/accounts/user/{bob.pk}/mute/", {"confirmed": "mute", "hours": 1, "reason": "吵"}, follow=True
    )
    assert "已禁言 1 人。" in page.content.decode()
    assert recorded() == "Mute.\nFor: An hour\nReason: 吵"
    assert "禁言 · 时长: 1 小时 · 原因: 吵" in chinese.get("/admin/admin/logentry/").content.decode()


def test_what_was_typed_for_a_refused_deed_stays(operator: Client, alice: User) -> None:
    unnamed = channel_create_group(creator=alice, members=[], name="x")
    Channel.objects.filter(pk=unnamed.pk).update(name="")
    given = {"join": "open", "history": "all", "slow_mode": 77, "listed": "on"}
    page = operator.post(f"{CHANNELS}{unnamed.pk}/policy/", {"confirmed": "policy", **given})
    html = page.content.decode()
    assert page.status_code == 200 and "A listed group needs a name." in html and 'value="77"' in html
    unnamed.refresh_from_db()
    assert (unnamed.slow_mode, unnamed.listed) == (0, False) and not LogEntry.objects.exists()


def test_what_was_typed_into_a_refused_form_stays(operator: Client, db: None) -> None:
    page = operator.post("/admin/chat/announcement/add/", {"text": "long " * 2000, "due_at_0": "", "due_at_1": ""})
    html = page.content.decode()
    assert page.status_code == 200 and "at most 8000 characters" in html and "long long long" in html
    assert not Announcement.objects.exists() and not LogEntry.objects.exists()


def test_a_moderator_sees_who_is_in_a_channel(bob: User, group: Channel) -> None:
    """To mute or ban one of them, without a right to see memberships by themselves."""
    mona = staff("view_channel", "add_restriction")
    html = mona.get(f"{CHANNELS}{group.pk}/change/").content.decode()
    assert "Bob (bob)" in html and "there now" in html
    mona.post(f"{CHANNELS}{group.pk}/mute/", {"confirmed": "mute", "member": "bob", "hours": 1})
    assert Restriction.objects.get().user == bob
