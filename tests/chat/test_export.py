"""The export is a ZIP of all of a user's own data, without data of others."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import AsyncClient, Client
from pytest_django.fixtures import Settings
from social_django.models import UserSocialAuth

from accounts import rate_limits
from accounts.actions import (
    avatar_set,
    friend_request,
    system_user,
    token_create,
    user_block,
    user_deactivate,
    user_register,
)
from accounts.models import ExternalUser, User
from chat import export_messages
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.message import message_draft, message_recall, message_send_now
from chat.actions.report import message_report
from chat.export import export
from chat.models import Announcement, Message, Pin, Report, Restriction
from chat.sending.drafts import Draft
from tests.support.export import unpacked_export
from tests.support.identity_provider import picture
from tests.support.in_process import create_global_channel
from tests.support.second_factor import add_app

PASSWORD = "a good password"
NAMING = {
    "accounts.AuthenticatorApp.user": "profile.json",
    "accounts.Block.blocked": "no: who blocks somebody is nobody else's to know",
    "accounts.Block.blocker": "people.json",
    "accounts.Device.created_by": "no: the device of another",
    "accounts.Device.user": "devices.json",
    "accounts.ExternalUser.service": "no: services are no people",
    "accounts.ExternalUser.user": "profile.json",
    "accounts.Friendship.to_user": "people.json",
    "accounts.Friendship.from_user": "people.json",
    "accounts.Passkey.user": "profile.json",
    "accounts.RecoveryCode.user": "profile.json",
    "admin.LogEntry.user": "work.json",
    "chat.Announcement.created_by": "work.json",
    "chat.Attachment.uploader": "uploads.json",
    "chat.CustomEmoji.created_by": "work.json",
    "chat.IncomingWebhook.bot": "no: services are no people",
    "chat.IncomingWebhook.created_by": "work.json",
    "chat.InviteLink.created_by": "invites.json",
    "chat.JoinRequest.user": "invites.json",
    "chat.MailDigest.user": "profile.json",
    "chat.Membership.user": "memberships.json",
    "chat.Message.recalled_by": "work.json",
    "chat.Message.sender": "messages.jsonl",
    "chat.MessageKey.sender": "no: numbers of messages only",
    "chat.MessageMention.user": "mentions.json",
    "chat.NotificationSetting.user": "notifications.json",
    "chat.Pin.pinned_by": "pins.json",
    "chat.PushSubscription.user": "push-subscriptions.json",
    "chat.ReactionUser.user": "reactions.json",
    "chat.ReadMark.user": "read-marks.json",
    "chat.Report.handled_by": "work.json",
    "chat.Report.reporter": "reports.json",
    "chat.Restriction.created_by": "work.json",
    "chat.Restriction.user": "restrictions.json",
    "chat.SavedMessage.user": "saved.json",
    "chat.ScheduledMessage.user": "scheduled.json",
    "chat.Sidebar.user": "sidebar.json",
    "chat.SlashCommand.bot": "no: services are no people",
    "chat.SlashCommand.created_by": "work.json",
    "chat.SlashRun.user": "no: kept for a day, without the text",
    "chat.StarredChannel.user": "favourites.json",
    "chat.ThreadFollower.user": "threads.json",
    "chat.Webhook.created_by": "work.json",
    "knox.AuthToken.user": "devices.json",
    "social_django.UserSocialAuth.user": "profile.json",
}
"""Each column that names a user, and its file in the export."""
PROFILE = {
    "id": "id",
    "username": "userName",
    "nickname": "nickname",
    "phone_number": "phoneNumber",
    "email": "email",
    "avatar": "avatar",
    "status_text": "status",
    "language": "language",
    "time_zone": "timeZone",
    "shares_read": "sharesRead",
    "shares_presence": "sharesPresence",
    "shares_typing": "sharesTyping",
    "previews_private_links": "previewsPrivateLinks",
    "do_not_disturb_until": "doNotDisturbUntil",
    "is_away": "isAway",
    "date_joined": "joined",
    "last_login": "lastSignIn",
    "is_staff": "staff",
    "has_second_factor": "secondFactor",
}
NOT_EXPORTED = {
    "password": "a secret",
    "username_key": "follows from the name",
    "nickname_key": "follows from the name",
    "nickname_pinyin": "follows from the name",
    "nickname_initials": "follows from the name",
    "kind": "only people export",
    "is_active": "only the active export",
    "deleted_at": "only the active export",
    "is_superuser": "a right, not said of the person",
    "sign_in_epoch": "a counter of sign-outs",
    "is_restricted": "would tell whether somebody blocks the person",
}


@pytest.fixture
def bob(db: None) -> User:
    return user_register(username="bob", nickname="Bobby", password=PASSWORD, email="bob@private.example")


@pytest.fixture
def alice(db: None, bob: User, settings: Settings, tmp_path: Path) -> User:
    settings.DATA_DIR = tmp_path
    alice = user_register(username="alice", nickname="Alice", password=PASSWORD, email="alice@example.org")
    UserSocialAuth.objects.create(user=alice, provider="github", uid="4711", extra_data={"access_token": "gh-secret"})
    friend_request(user=alice, other_id=bob.pk)
    friend_request(user=bob, other_id=alice.pk)
    enemy = user_register(username="enemy", nickname="Hidden Nickname", password=PASSWORD)
    user_block(user=alice, other_id=enemy.pk)
    return avatar_set(user_id=alice.pk, picture=picture())


def say(sender: User, channel: Any, text: str) -> Any:
    return message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text))


def lines(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files["messages.jsonl"].splitlines()]


@pytest.fixture
def talk(alice: User, bob: User) -> Any:
    """Let Alice and Bob exchange messages and return their group."""
    hall = create_global_channel(901)
    say(alice, hall, "ALICE in the hall")
    say(bob, hall, "BOB in the hall")
    group = channel_create_group(creator=bob, name="Painters", members=["alice"])
    say(bob, group, "BOB in the group")
    say(alice, group, "ALICE in the group")
    gone = say(alice, group, "ALICE regrets")
    message_recall(user=alice, channel_id=group.pk, message_id=gone.id, app=901)
    private, _ = channel_create_private(creator=alice, other=bob)
    rude = say(bob, private, "BOB is rude")
    message_report(user=alice, channel_id=private.pk, message_id=rude.id, reason="ALICE was hurt", app=901)
    for sender, content in ((alice, picture()), (bob, picture(colour="#000000"))):
        # As former versions stored them.
        text = base64.b64encode(content).decode()
        message_send_now(Draft(sender=sender.pk, channel=private.pk, text=text, type="picture"))
    return group


def test_the_export_contains_all_data_of_alice(alice: User, talk: Any) -> None:
    token_create(user=alice, name="Robot", address="192.0.2.1")
    files = unpacked_export(alice)
    profile = json.loads(files["profile.json"])
    assert (profile["userName"], profile["nickname"], profile["email"]) == ("alice", "Alice", "alice@example.org")
    assert [link["subject"] for link in profile["links"]] == ["4711"]
    assert [said.get("text") for said in lines(files)] == ["ALICE in the hall", "ALICE in the group", None, None]
    assert [said["type"] for said in lines(files)] == ["text", "text", "text", "picture"]
    assert files[lines(files)[3]["file"]] == picture()
    people = json.loads(files["people.json"])
    assert [friend["userName"] for friend in people["friends"]] == ["bob"]
    assert [blocked["userName"] for blocked in people["blocked"]] == ["enemy"]
    assert [membership["name"] for membership in json.loads(files["memberships.json"])] == ["Painters", ""]
    assert [device["name"] for device in json.loads(files["devices.json"])] == ["Robot"]
    assert [report["reason"] for report in json.loads(files["reports.json"])] == ["ALICE was hurt"]
    assert files["avatar.webp"][:4] == b"RIFF"


def test_moderation_by_alice_is_exported_without_its_targets(alice: User, bob: User, talk: Any) -> None:
    said = Message.objects.get(text="BOB in the group")
    Pin.objects.create(channel=talk, message=said, pinned_by=alice, pinned_at=1)
    Announcement.objects.create(text="ALICE announces", created_by=alice)
    Restriction.objects.create(user=bob, kind="mute", reason="ALICE finds him loud", created_by=alice)
    Restriction.objects.create(user=alice, kind="mute", reason="TOO loud herself", created_by=bob)
    Report.objects.filter(reporter=alice).update(handled_by=alice, state="acted")
    ExternalUser.objects.create(user=alice, service=system_user(), external_id="customer-77")
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=alice, content_type=kind, object_id=str(bob.pk), object_repr="Bobby", action_flag=CHANGE
    )
    files = unpacked_export(alice)
    work = json.loads(files["work.json"])
    assert [one["text"] for one in work["announcements"]] == ["ALICE announces"]
    assert [one["reason"] for one in work["restrictions"]] == ["ALICE finds him loud"]
    assert [one["state"] for one in work["reports"]] == ["acted"]
    assert [one["on"] for one in work["adminActions"]] == ["user"]
    assert [one["message"] for one in json.loads(files["pins.json"])] == [str(said.pk)]
    assert [one["reason"] for one in json.loads(files["restrictions.json"])] == ["TOO loud herself"]
    assert [one["externalId"] for one in json.loads(files["profile.json"])["otherSystems"]] == ["customer-77"]
    whole = b"\n".join(files.values())
    assert b"Bobby" not in whole and b"BOB" not in whole


def test_requests_to_blocked_or_deactivated_users_are_exported(alice: User, bob: User) -> None:
    user_block(user=alice, other_id=bob.pk)
    user_deactivate(user_id=bob.pk)
    people = json.loads(unpacked_export(alice)["people.json"])
    assert [friend["userName"] for friend in people["friends"]] == ["bob"]


def test_every_column_that_names_a_user_is_exported_or_has_a_reason(alice: User) -> None:
    """A new table or column that names users needs an entry here."""
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is not None and issubclass(field.related_model, User)
    }
    assert found == set(NAMING)
    files = unpacked_export(alice)
    for where in NAMING.values():
        assert where.startswith("no: ") or where in files


def test_every_account_field_is_exported_or_has_a_reason(alice: User) -> None:
    held = {field.name for field in User._meta.concrete_fields}
    assert held == {*PROFILE, *NOT_EXPORTED}
    assert set(PROFILE.values()) <= set(json.loads(unpacked_export(alice)["profile.json"])) | {"avatar"}


def test_data_of_others_is_not_exported(alice: User, talk: Any) -> None:
    whole = b"\n".join(unpacked_export(alice).values())
    for secret in (b"BOB", b"Bobby", b"bob@private.example", b"Hidden Nickname", picture(colour="#000000")):
        assert secret not in whole


def test_secrets_are_not_exported(alice: User, talk: Any) -> None:
    token = token_create(user=alice).token
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    app_secret, codes = add_app(alice)
    whole = b"\n".join(unpacked_export(alice).values())
    alice.refresh_from_db()
    for secret in (
        token,
        client.session.session_key or "?",
        alice.password,
        "gh-secret",
        token[:15],
        app_secret,
        *codes,
    ):
        assert secret.encode() not in whole


def test_the_text_of_a_recalled_message_is_not_exported(alice: User, talk: Any) -> None:
    assert b"regrets" not in unpacked_export(alice)["messages.jsonl"]
    assert lines(unpacked_export(alice))[2]["recalledAt"]


def test_the_export_is_streamed_in_pieces(alice: User, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a piece does not grow with the number of messages."""
    monkeypatch.setattr(export_messages, "_MESSAGES_PER_PAGE", 1)
    assert [said.get("text") for said in lines(unpacked_export(alice))][:2] == [
        "ALICE in the hall",
        "ALICE in the group",
    ]
    assert max(map(len, export(alice))) < 12_000


def test_file_names_in_the_archive_are_generated(alice: User, talk: Any) -> None:
    for name in unpacked_export(alice):
        assert not name.startswith("/") and ".." not in name


@pytest.mark.django_db(transaction=True)
async def test_alice_downloads_her_export(settings: Settings, tmp_path: Path) -> None:
    from delivery.db.executors import run

    settings.DATA_DIR = tmp_path
    rate_limits.export_rate_limit.reset()
    user = await run(lambda: user_register(username="carol", password=PASSWORD))
    client = AsyncClient()
    await client.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = await client.post("/accounts/data/export/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="imsite-data.zip"'
    content = b"".join([piece async for piece in answer.streaming_content])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("profile.json"))["userName"] == "carol"


def test_the_download_needs_a_post_and_is_rate_limited(alice: User, settings: Settings) -> None:
    settings.IM_EXPORT_RATE = 1
    rate_limits.export_rate_limit.reset()
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert client.get("/accounts/data/export/").status_code == 405
    assert client.post("/accounts/data/export/")["Content-Type"] == "application/zip"
    assert "Too many attempts" in client.post("/accounts/data/export/", follow=True).content.decode()
    rate_limits.export_rate_limit.reset()


def test_an_anonymous_visitor_gets_no_export(db: None, client: Client) -> None:
    assert client.post("/accounts/data/export/")["Location"].startswith("/accounts/login/")
