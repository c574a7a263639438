"""The queue of reports shows context and is handled by one click; announcements; active mutes and bans."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import app_create
from accounts.models import User
from chat.actions.announcement import announcement_create, announcements_send_due
from chat.actions.channel import channel_create_group
from chat.actions.moderation import user_mute
from chat.actions.report import message_report
from chat.models import Announcement, Channel, Message, Report, Restriction
from tests.support.operators import SCRIPT, admin_browser, run_admin_action, send_message, staff_browser

REPORTS, ANNOUNCEMENTS, RESTRICTIONS = (
    "/admin/chat/report/", "/admin/chat/announcement/", "/admin/chat/restriction/"
)  # fmt: skip


@pytest.fixture
def report(alice: User, bob: User, group: Channel) -> Report:
    for text in ("before it", f"rude {SCRIPT}", "after it"):
        message = send_message(bob, group, text)
    rude = Message.objects.get(text__startswith="rude")
    assert message.text == "after it"
    return message_report(user=alice, channel_id=group.pk, message_id=rude.pk, reason=SCRIPT, app=None)


def test_a_report_is_shown_with_the_messages_around_it(operator: Client, report: Report) -> None:
    for page in (REPORTS, f"{REPORTS}{report.pk}/change/"):
        html = operator.get(page).content.decode()
        around = html[html.index("before it") : html.index("after it")]
        assert "rude &lt;script&gt;" in around, page
        assert "<script>alert" not in html


def test_a_report_shows_the_earlier_text_only_if_it_has_changed(operator: Client, report: Report) -> None:
    assert "When reported" not in operator.get(REPORTS).content.decode()
    Message.objects.filter(pk=report.message_id).update(text="harmless")
    assert "When reported: rude" in operator.get(REPORTS).content.decode()
    # The text of a picture is its content.
    Message.objects.filter(pk=report.message_id).update(type="picture", text="QUJD")
    Report.objects.update(text="[picture]")
    assert "When reported" not in operator.get(REPORTS).content.decode()


@pytest.mark.parametrize(
    ("verdict", "recalled", "kinds", "state"),
    [
        ("dismiss", False, [], "dismissed"),
        ("recall", True, [], "acted"),
        ("recall_mute", True, ["mute"], "acted"),
        ("recall_ban", True, ["ban"], "acted"),
    ],
)
def test_one_click_handles_a_report(
    operator: Client, report: Report, verdict: str, recalled: bool, kinds: list[str], state: str
) -> None:
    """The button in the list sends its own attributes and needs no confirmation."""
    html = operator.get(REPORTS).content.decode()
    button = re.search(rf'<button[^>]*value="{verdict}"[^>]*formaction="([^"]+)"', html, re.S)
    assert button is not None
    response = operator.post(button[1], {"confirmed": verdict})
    assert response.headers["Location"] == REPORTS
    report.refresh_from_db()
    assert report.state == state
    assert (report.message.recalled_at is not None) == recalled
    assert [one.kind for one in Restriction.objects.filter(channel=report.message.channel)] == kinds


def test_a_viewer_sees_no_buttons(report: Report) -> None:
    client = staff_browser("view_report")
    html = client.get(REPORTS).content.decode()
    assert "rude" in html and "formaction" not in html
    assert client.post(f"{REPORTS}{report.pk}/recall/", {"confirmed": "recall"}).status_code == 403


def test_a_restriction_is_lifted_from_its_list(operator: Client, alice: User, bob: User) -> None:
    user_mute(operator=alice, user_id=bob.pk)
    (mute,) = operator.get(RESTRICTIONS, {"q": "bob"}).context["cl"].result_list
    run_admin_action(operator, RESTRICTIONS, "lift_selected", mute, confirmed="lift")
    assert not Restriction.objects.exists()


# -- announcements ----------------------------------------------------------------------------------------------------


def said() -> list[tuple[str, str, str]]:
    rows = Message.objects.order_by("pk").values_list("sender__username", "channel__name", "text")
    return list(rows)


@pytest.mark.django_db(transaction=True)
def test_an_announcement_is_sent_at_once_in_every_global_channel(operator: Client, room: Channel) -> None:
    app_create(number=102, name="iOS")
    operator.post(f"{ANNOUNCEMENTS}add/", {"text": "Down at noon", "app": "", "due_at_0": "", "due_at_1": ""})
    assert said() == [("system", "Web", "Down at noon"), ("system", "iOS", "Down at noon")]
    sent = Announcement.objects.get()
    assert sent.sent_at is not None and sent.created_by.username == "olga"
    assert operator.post(f"{ANNOUNCEMENTS}{sent.pk}/change/", {"text": "Never mind"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_scheduled_announcement_is_sent_once_at_its_time(alice: User, room: Channel) -> None:
    app_create(number=102, name="iOS")
    later = timezone.now() + timedelta(hours=1)
    announcement_create(by=alice, text="Later", app=room.app, due_at=later)
    assert announcements_send_due() == 0 and said() == []
    Announcement.objects.update(due_at=timezone.now())
    assert announcements_send_due() == 1
    # A node stopped before it could store that the announcement was sent.
    Announcement.objects.update(sent_at=None)
    assert announcements_send_due() == 1 and announcements_send_due() == 0
    assert said() == [("system", "Web", "Later")]


def test_a_cancelled_announcement_is_not_sent(operator: Client, alice: User, room: Channel) -> None:
    waiting = announcement_create(by=alice, text="Later", due_at=timezone.now() + timedelta(hours=1))
    operator.post(f"{ANNOUNCEMENTS}{waiting.pk}/cancel/", {"confirmed": "cancel"})
    Announcement.objects.update(due_at=timezone.now())
    assert announcements_send_due() == 0


# -- costs ------------------------------------------------------------------------------------------------------------


def test_the_lists_cost_a_fixed_number_of_queries(
    operator: Client, report: Report, alice: User, group: Channel
) -> None:
    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(url).status_code == 200
        return len(queries)

    user_mute(operator=alice, user_id=report.message.sender_id, channel_id=group.pk)
    few = [cost(page) for page in (REPORTS, RESTRICTIONS)]
    for number in range(12):
        person = User.objects.create_user(f"p{number}")
        other = channel_create_group(creator=person, name=f"Group {number}", members=["alice"])
        said = send_message(person, other, "rude")
        message_report(user=alice, channel_id=other.pk, message_id=said.pk, reason="", app=None)
        user_mute(operator=alice, user_id=person.pk, channel_id=other.pk)
    assert [cost(page) for page in (REPORTS, RESTRICTIONS)] == few
    assert max(few) <= 8


def test_a_moderator_cannot_ban_staff_by_a_report(report: Report) -> None:
    """The verdict has no effect at all; actions that are allowed for everyone still work."""
    bob = report.message.sender
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    mona = staff_browser("view_report", "change_report")
    told = mona.post(f"{REPORTS}{report.pk}/recall_ban/", {"confirmed": "recall_ban"}, follow=True).content.decode()
    assert "Only superusers can do this to staff." in told and not Restriction.objects.exists()
    report.refresh_from_db()
    assert report.state == "open" and report.message.recalled_at is None
    mona.post(f"{REPORTS}{report.pk}/recall/", {"confirmed": "recall"})
    report.refresh_from_db()
    assert report.state == "acted" and report.message.recalled_at is not None


def test_a_moderator_cannot_lift_their_own_mute(operator: Client, db: None) -> None:
    mona = staff_browser("view_restriction", "delete_restriction")
    user_mute(operator=User.objects.get(username="olga"), user_id=User.objects.get(username="stan").pk)
    run_admin_action(mona, RESTRICTIONS, "lift_selected", Restriction.objects.get(), confirmed="lift")
    assert Restriction.objects.exists()


def test_times_are_shown_in_the_time_zone_of_the_operator(alice: User, bob: User, group: Channel) -> None:
    """This includes the time typed for an announcement: 10:00 in Shanghai is 02:00 UTC."""
    message = send_message(bob, group, "hello")
    Message.objects.filter(pk=message.pk).update(time=1_800_000_000_000)
    olga = admin_browser(User.objects.create_superuser("olga", time_zone="Asia/Shanghai"))
    assert "2027-01-15 16:00:00" in olga.get("/admin/chat/message/").content.decode()
    assert "Time zone: Asia/Shanghai." in olga.get(f"{ANNOUNCEMENTS}add/").content.decode()
    olga.post(f"{ANNOUNCEMENTS}add/", {"text": "Later", "due_at_0": "2099-01-15", "due_at_1": "10:00:00"})
    assert f"{Announcement.objects.get().due_at:%Y-%m-%d %H:%M %Z}" == "2099-01-15 02:00 UTC"
