"""Operators mute, ban and unban users on their pages, and see their channels and sign-in methods."""

from __future__ import annotations

import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from social_django.models import UserSocialAuth

from accounts.actions import email_set, token_issue, user_deactivate, user_register
from accounts.mail import wait_until_sent
from accounts.models import AuthenticatorApp, RecoveryCode, User
from accounts.selectors.users import user_by_token
from chat.actions.channel import channel_create_private
from chat.actions.moderation import user_ban, user_reactivate
from chat.errors import ChatError
from chat.models import Channel, Restriction
from tests.support.operators import SCRIPT, run_admin_action, staff_browser
from tests.support.refusals import refused_for
from tests.support.second_factor import add_app

PEOPLE = "/admin/accounts/user/"


def test_olga_mutes_bob_in_one_channel_for_a_day(operator: Client, bob: User, group: Channel) -> None:
    page = f"{PEOPLE}{bob.pk}/mute/"
    assert "The user can read but not send" in operator.get(page).content.decode()
    wrong = operator.post(page, {"confirmed": "mute", "hours": 24, "channel_id": "Nowhere"})
    assert "There is no such channel." in wrong.content.decode() and not Restriction.objects.exists()
    operator.post(page, {"confirmed": "mute", "hours": 24, "channel_id": "Painters", "reason": SCRIPT})
    mute = Restriction.objects.get()
    assert (mute.user, mute.kind, mute.channel, mute.created_by.username) == (bob, "mute", group, "olga")
    assert mute.until is not None and mute.reason == SCRIPT
    html = operator.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert "&lt;script&gt;" in html and "<script>alert" not in html


def test_olga_bans_several_users_and_unbans_one(operator: Client, alice: User, bob: User) -> None:
    token = token_issue(user=bob)
    run_admin_action(operator, PEOPLE, "ban_selected", alice, bob, confirmed="ban", hours=0)
    assert user_by_token(token) is None and Restriction.objects.filter(kind="ban", until=None).count() == 2
    html = operator.get(PEOPLE).content.decode()
    assert html.count("banned") >= 2
    operator.post(f"{PEOPLE}{bob.pk}/unban/", {"confirmed": "unban"})
    assert list(User.objects.filter(is_active=False)) == [alice]


def test_a_moderator_cannot_restrict_staff(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client = staff_browser("view_user", "add_restriction", "delete_restriction")
    assert client.post(f"{PEOPLE}{alice.pk}/ban/", {"confirmed": "ban", "hours": 1}).status_code == 403
    run_admin_action(client, PEOPLE, "ban_selected", alice, bob, confirmed="ban", hours=1)
    assert list(User.objects.filter(is_active=False)) == [bob]
    html = client.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert "/unban/" in html and "/deactivate/" not in html and "/sign_out/" not in html


def test_every_action_is_in_the_audit_log_and_the_server_log(
    operator: Client, bob: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: object
) -> None:
    with caplog.at_level(logging.INFO, logger="operators"), django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        operator.post(f"{PEOPLE}{bob.pk}/mute/", {"confirmed": "mute", "hours": 1, "reason": "Calm down"})
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("olga", str(bob.pk))
    assert entry.get_change_message() == "Mute.\nDuration: 1 hour\nReason: Calm down"
    (record,) = [record for record in caplog.records if record.name == "operators"]
    assert (record.message, record.action) == ("admin_action", entry.change_message)  # type: ignore[attr-defined]
    assert "Mute · Duration: 1 hour · Reason: Calm down" in operator.get("/admin/admin/logentry/").content.decode()


def test_the_page_shows_channels_and_sign_in_methods_of_a_user(operator: Client, bob: User, group: Channel) -> None:
    UserSocialAuth.objects.create(user=bob, provider="github", uid="7")
    token_issue(user=bob)
    html = operator.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert "password, github" in html and ">Painters</a>" in html and "Devices" in html


def test_users_are_found_by_name_contact_and_id(operator: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(
        nickname="马远", nickname_key="马远", nickname_pinyin="mayuan", nickname_initials="my", email="bob@b.example",
        phone_number="+44 555",
    )  # fmt: skip
    for term in ("bo", "OB", "马", "mayu", "my", "@b.ex", "44 555", str(bob.pk)):
        found = operator.get(PEOPLE, {"q": term}).context["cl"].result_list
        assert [user.pk for user in found] == [bob.pk], term


def test_a_concurrent_ban_is_not_overridden(operator: Client, bob: User) -> None:
    user_deactivate(user_id=bob.pk)
    assert "The user can sign in again." in operator.get(f"{PEOPLE}{bob.pk}/activate/").content.decode()
    user_ban(operator=User.objects.get(username="olga"), user_id=bob.pk)
    # Both the page and the later check in the action see the ban.
    with refused_for(ChatError, "banned_from_site"):
        user_reactivate(user_id=bob.pk)
    operator.post(f"{PEOPLE}{bob.pk}/activate/", {"confirmed": "activate"})
    bob.refresh_from_db()
    assert not bob.is_active


def test_the_page_of_a_user_costs_the_same_number_of_queries_with_many_channels(
    operator: Client, alice: User, bob: User
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            html = operator.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
        assert "Alice, Bob" in html
        return len(queries)

    channel_create_private(creator=alice, other=bob)
    few = cost()
    for number in range(12):
        person = user_register(username=f"p{number}", nickname=f"P{number}", password="a good password")
        channel_create_private(creator=person, other=bob)
    assert cost() == few


def test_olga_turns_off_the_two_factor_sign_in_of_a_user_who_lost_the_phone(operator: Client, bob: User) -> None:
    email_set(user_id=bob.pk, email="bob@example.org")
    add_app(bob)
    html = operator.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert "password, authenticator app" in html and "Turn off two-factor sign-in" in html
    operator.post(f"{PEOPLE}{bob.pk}/reset_second_factor/", {"confirmed": "reset_second_factor"})
    bob.refresh_from_db()
    assert not bob.has_second_factor and not AuthenticatorApp.objects.exists() and not RecoveryCode.objects.exists()
    entry = LogEntry.objects.get(object_id=str(bob.pk))
    assert (entry.user.username, entry.change_message) == ("olga", "Turn off two-factor sign-in.")
    wait_until_sent()
    assert "An administrator turned off two-factor sign-in for your account bob." in mail.outbox[-1].body
