"""Every admin action is in the audit log, and a refused one keeps the typed values."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.report import message_report
from chat.models import Announcement, Channel, Report, Restriction
from tests.support.operators import CHANNELS, MESSAGES, admin_browser, send_message, staff_browser


def newest_audit_entry() -> str:
    return LogEntry.objects.latest("pk").change_message


def test_a_mute_is_in_the_audit_log_with_member_duration_and_reason(
    operator: Client, bob: User, group: Channel
) -> None:
    given = {"member": "bob", "hours": 24, "reason": "Calm\n down"}
    operator.post(f"{CHANNELS}{group.pk}/mute/", {"confirmed": "mute", **given})
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr) == ("olga", "Painters")
    assert entry.change_message == "Mute member.\nMember: bob\nDuration: 1 day\nReason: Calm down"


def test_a_recall_is_in_the_audit_log_with_its_reason_but_without_the_text(
    operator: Client, bob: User, group: Channel
) -> None:
    rude = send_message(bob, group, "rude words")
    assert 'name="why"' in operator.get(f"{MESSAGES}{rude.pk}/recall/").content.decode()
    operator.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "recall", "why": "Alice complained"})
    assert newest_audit_entry() == "Recall message.\nReason: Alice complained"
    assert not LogEntry.objects.filter(object_repr__contains="rude words").exists()


def test_a_policy_change_is_in_the_audit_log_with_changed_fields_only(operator: Client, group: Channel) -> None:
    given = {"join": group.join, "history": group.history, "slow_mode": 30, "announcements_only": "on"}
    operator.post(f"{CHANNELS}{group.pk}/settings/", {"confirmed": "settings", **given})
    assert newest_audit_entry() == "Edit settings.\nAnnouncements only: yes\nSlow mode: 30"


def test_a_handled_report_is_in_the_audit_log_with_message_and_reason(
    operator: Client, alice: User, bob: User, group: Channel
) -> None:
    rude = send_message(bob, group, "rude")
    report = message_report(user=alice, channel_id=group.pk, message_id=rude.pk, reason="He insults me", app=None)
    operator.post(f"/admin/chat/report/{report.pk}/recall_ban/", {"confirmed": "recall_ban"})
    lines = newest_audit_entry().split("\n")
    assert lines[0] == "Recall and ban for 7 days." and "Message: " in lines[1] and "of bob" in lines[1]
    assert lines[2:] == ["Reported by: alice", "Report reason: He insults me"]
    assert Report.objects.get().state == "acted"


def test_the_audit_log_is_stored_in_english_and_shown_translated(bob: User) -> None:
    olga = User.objects.create_superuser("olga", language="zh-hans")
    chinese = admin_browser(olga)
    page = chinese.post(
        f"/admin/accounts/user/{bob.pk}/mute/", {"confirmed": "mute", "hours": 1, "reason": "吵"}, follow=True
    )
    assert "已禁言 1 人。" in page.content.decode()
    assert newest_audit_entry() == "Mute.\nDuration: 1 hour\nReason: 吵"
    assert "禁言 · 时长: 1 小时 · 原因: 吵" in chinese.get("/admin/admin/logentry/").content.decode()


def test_a_refused_action_keeps_the_typed_values(operator: Client, alice: User) -> None:
    unnamed = channel_create_group(creator=alice, members=[], name="x")
    Channel.objects.filter(pk=unnamed.pk).update(name="")
    given = {"join": "open", "history": "all", "slow_mode": 77, "listed": "on"}
    page = operator.post(f"{CHANNELS}{unnamed.pk}/settings/", {"confirmed": "settings", **given})
    html = page.content.decode()
    assert page.status_code == 200 and "A listed group needs a name." in html and 'value="77"' in html
    unnamed.refresh_from_db()
    assert (unnamed.slow_mode, unnamed.listed) == (0, False) and not LogEntry.objects.exists()


def test_a_refused_form_keeps_the_typed_values(operator: Client, db: None) -> None:
    page = operator.post("/admin/chat/announcement/add/", {"text": "long " * 2000, "due_at_0": "", "due_at_1": ""})
    html = page.content.decode()
    assert page.status_code == 200 and "at most 8000 characters" in html and "long long long" in html
    assert not Announcement.objects.exists() and not LogEntry.objects.exists()


def test_an_announcement_that_shows_nothing_is_refused(operator: Client, db: None) -> None:
    page = operator.post("/admin/chat/announcement/add/", {"text": "\u3164\u200b", "due_at_0": "", "due_at_1": ""})
    assert page.status_code == 200 and "A message cannot be empty." in page.content.decode()
    assert not Announcement.objects.exists()


def test_a_moderator_sees_the_members_of_a_channel(bob: User, group: Channel) -> None:
    """Muting or banning a member needs no permission to view memberships themselves."""
    mona = staff_browser("view_channel", "add_restriction")
    html = mona.get(f"{CHANNELS}{group.pk}/change/").content.decode()
    assert "Bob (bob)" in html and ">member<" in html
    mona.post(f"{CHANNELS}{group.pk}/mute/", {"confirmed": "mute", "member": "bob", "hours": 1})
    assert Restriction.objects.get().user == bob
