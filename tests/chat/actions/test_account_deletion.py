"""A deleted account leaves its messages, and no personal data remains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from social_django.models import UserSocialAuth

from accounts.actions import (
    avatar_set,
    friend_request,
    profile_update,
    system_user,
    token_create,
    user_block,
    user_mark_deleted,
    user_register,
    users_awaiting_anonymization,
)
from accounts.actions.anonymization import ANONYMIZED_NICKNAME as NICKNAME
from accounts.actions.anonymization import anonymized_username
from accounts.credentials import token_digest
from accounts.errors import LastAdministrator, NoSuchUser
from accounts.models import AuthenticatorApp, Device, ExternalUser, RecoveryCode, User
from chat import payloads, selectors
from chat.actions import account_deletion
from chat.actions.account_deletion import account_delete, anonymized_body, finish_interrupted_deletions
from chat.actions.channel import channel_create_group, channel_create_private, channel_rename
from chat.actions.idempotency import run_once
from chat.actions.member import member_leave
from chat.actions.message import message_draft, message_edit, message_recall, message_send_now
from chat.actions.report import message_report
from chat.models import Channel, Membership, Message, ReadMark
from chat.selectors import access_channel
from chat.sending.drafts import StoredMessage
from delivery import idempotency, log
from delivery.idempotency import IdempotencyKey
from delivery.models import Event
from tests.support.identity_provider import picture
from tests.support.in_process import create_global_channel
from tests.support.second_factor import add_app

pytestmark = pytest.mark.slow

PASSWORD = "a good password"
FORM = "application/x-www-form-urlencoded"
NAME, NICK, EMAIL, PHONE = "zephyrine", "Zephyrine Quux", "zq@mail.example", "555-0142"
STATUS, SUBJECT, ADDRESS, OWN = "gone sailing", "subject-77231", "203.0.113.77", "her-own-tablet"
MARKS = [NAME, "Zephyrine", EMAIL, PHONE, STATUS, SUBJECT, ADDRESS, OWN, "/avatars/"]


def say(sender: User, channel: Any, text: str, **fields: Any) -> Any:
    return message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text, **fields))


@pytest.fixture
def bob(db: None) -> User:
    return user_register(username="bob", password=PASSWORD)


@pytest.fixture
def alice(db: None, bob: User, settings: Settings, tmp_path: Path) -> User:
    """Return Alice, who has left data in every place that she can."""
    settings.DATA_DIR = tmp_path
    alice = user_register(username=NAME, nickname=NICK, password=PASSWORD, email=EMAIL, phone_number=PHONE)
    profile_update(
        user_id=alice.pk,
        nickname=NICK,
        status_text=STATUS,
        language="zh-hans",
        time_zone="Asia/Shanghai",
        shares_read=False,
        shares_presence=False,
    )
    alice = avatar_set(user_id=alice.pk, picture=picture())
    UserSocialAuth.objects.create(user=alice, provider="github", uid=SUBJECT)
    ExternalUser.objects.create(user=alice, service=system_user(), external_id=SUBJECT)
    client = Client(REMOTE_ADDR=ADDRESS, headers={"User-Agent": "Firefox/1 Linux"})
    client.post("/accounts/login/", {"username": NAME, "password": "wrong"})
    client.post("/accounts/login/", {"username": NAME, "password": PASSWORD})
    for tried in (EMAIL, PHONE):
        client.post("/accounts/login/", {"username": tried, "password": "wrong"})
        client.post("/login", urlencode({"phone_number": tried, "password": "wrong"}), FORM)
    token_create(user=alice, name=OWN, address=ADDRESS)
    friend_request(user=alice, other_id=bob.pk)
    friend_request(user=bob, other_id=alice.pk)
    enemy = user_register(username="enemy", password=PASSWORD)
    user_block(user=alice, other_id=enemy.pk)

    hall = create_global_channel(901)
    say(alice, hall, "said in the hall")
    group = channel_create_group(creator=alice, name="Sailors", members=["bob"])
    message_edit(user=alice, channel_id=group.pk, message_id=say(alice, group, "first").id, text="edited", app=901)
    message_recall(user=alice, channel_id=group.pk, message_id=say(bob, group, "bob's").id, app=901)
    channel_rename(user=alice, channel_id=group.pk, name="Sailors of the lake")
    left = channel_create_group(creator=bob, name="Left", members=[NAME])
    say(alice, left, "before she left")
    member_leave(user=alice, channel_id=left.pk)
    private, _ = channel_create_private(creator=alice, other=bob)
    say(alice, private, "between us")
    said = say(bob, private, "a reply")
    ReadMark.objects.update_or_create(user=alice, channel=private, defaults={"seq": 2})
    message_report(user=alice, channel_id=private.pk, message_id=said.id, reason=f"{NAME} finds it rude", app=901)
    Message.objects.filter(sender=bob).update(shown_as=NAME)
    _, token = AuthToken.objects.create(alice)
    about = AuthToken.objects.get(user=alice, digest=token_digest(token))
    for row, shown in ((alice, NAME), (about, str(about))):
        LogEntry.objects.create(
            user=bob,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=shown,
            action_flag=CHANGE,
            change_message=f"Mute.\nWhy: {NICK} is loud.\nUser name: {NAME}" if row == alice else f"Give.\nTo: {NAME}",
        )
    # A response to another system that is stored for retries.
    run_once(IdempotencyKey("a", "added", ""), lambda: {"added": [payloads.person(alice), payloads.person(bob)]})
    run_once(
        IdempotencyKey("a", "made", ""),
        lambda: payloads.channel(selectors.channel_summary(bob, access_channel(bob, private.pk))),
    )
    run_once(IdempotencyKey("a", "pushed", ""), lambda: {"messages": [{"to": {"users": [NAME, "bob"]}, "persons": 1}]})
    idempotency.claim([("b", "said")])
    stored = StoredMessage(private.pk, said.id, said.seq)
    idempotency.claim_with_responses({IdempotencyKey("c", "stored", ""): stored.to_response()})
    return alice


def database_as_text() -> str:
    """Return the whole database as text."""
    rows = [
        {name: str(value) for name, value in row.items()}
        for model in apps.get_models()
        for row in model._default_manager.values()
    ]
    return json.dumps(rows, ensure_ascii=False)


def test_no_personal_data_of_alice_remains(
    alice: User, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    before = database_as_text()
    assert all(mark in before for mark in MARKS)
    assert list((tmp_path / "media" / "avatars").iterdir())
    with django_capture_on_commit_callbacks(execute=True):
        account_delete(user_id=alice.pk)
    left = database_as_text()
    found = {mark: left[max(0, left.find(mark) - 300) : left.find(mark) + 60] for mark in MARKS if mark in left}
    assert not found
    assert not list((tmp_path / "media" / "avatars").iterdir())
    assert not AccessAttempt.objects.exists() and not Device.objects.filter(user=alice).exists()


def test_a_stored_response_is_repeated_with_alice_anonymized(alice: User, bob: User) -> None:
    account_delete(user_id=alice.pk)
    nobody = {
        "userId": anonymized_username(alice.pk),
        "id": str(alice.pk),
        "name": NICKNAME,
        "avatar": "",
        "kind": "person",
    }

    def again(key: str) -> dict[str, Any]:
        body, repeated = run_once(IdempotencyKey("a", key, ""), dict)
        assert repeated
        return body

    assert again("added") == {"added": [nobody, payloads.person(bob)]}
    made = again("made")
    assert (made["name"], made["peer"]["name"], made["kind"]) == (NICKNAME, NICKNAME, "private")
    assert again("pushed") == {"messages": [{"to": {"users": [NICKNAME, "bob"]}, "persons": 1}]}
    assert idempotency.find_claimed([("b", "said")])


def test_the_audit_log_keeps_the_action_and_anonymizes_alice(alice: User, bob: User) -> None:
    other = LogEntry.objects.create(
        user=bob, object_id="7", object_repr="Sailors", action_flag=CHANGE, change_message=f"{NAME}.\nOf: {NAME}2"
    )
    account_delete(user_id=alice.pk)
    told = [row.change_message for row in LogEntry.objects.exclude(pk=other.pk).order_by("pk")]
    assert told == [
        f"Mute.\nWhy: {NICKNAME} is loud.\nUser name: {NICKNAME}",
        f"Give.\nTo: {NICKNAME}",
    ]
    other.refresh_from_db()
    assert other.change_message == f"{NAME}.\nOf: {NAME}2", "somebody else's name only begins so"


def test_messages_of_alice_remain_under_a_deleted_user(alice: User, bob: User) -> None:
    account_delete(user_id=alice.pk)
    alice.refresh_from_db()
    texts = list(Message.objects.filter(sender=alice).order_by("pk").values_list("text", flat=True))
    assert texts == ["said in the hall", "edited", "before she left", "between us"]
    shown = payloads.message(Message.objects.filter(sender=alice).first(), alice)
    assert (shown["from"], shown["name"], shown["avatar"]) == (anonymized_username(alice.pk), NICKNAME, "")
    replayed = [
        json.loads(event.body)
        for event in Event.objects.filter(kind="msg", body__contains=f'"fromId":"{alice.pk}"').order_by("pk")
    ]
    assert [body["name"] for body in replayed] == [NICKNAME] * 4
    assert [body["msg"] for body in replayed] == texts


def test_alice_leaves_all_groups_and_transfers_ownership(alice: User, bob: User) -> None:
    group = Channel.objects.get(name="Sailors of the lake")
    account_delete(user_id=alice.pk)
    assert not Membership.objects.filter(user=alice, channel__kind="public", until_position=None).exists()
    assert Membership.objects.get(user=bob, channel=group, until_position=None).role == "owner"


def test_the_other_user_can_still_read_the_private_channel(alice: User, bob: User) -> None:
    account_delete(user_id=alice.pk)
    (item,) = [item for item in selectors.channel_list(bob, 901) if item.channel.kind == "private"]
    assert item.name == NICKNAME


def test_credentials_of_alice_are_refused(alice: User) -> None:
    token = token_create(user=alice).token
    add_app(alice)
    account_delete(user_id=alice.pk)
    from accounts.selectors.sign_in_methods import user_by_oauth_link
    from accounts.selectors.users import user_by_email, user_by_name, user_by_token

    assert user_by_token(token) is None and user_by_name(NAME) is None and user_by_email(EMAIL) is None
    assert user_by_oauth_link("github", SUBJECT) is None
    assert not AuthenticatorApp.objects.exists() and not RecoveryCode.objects.exists()
    assert Client().post("/accounts/login/", {"username": NAME, "password": PASSWORD}).status_code == 200
    # The name is free again, and the new account is another user.
    assert user_register(username=NAME, password=PASSWORD).pk != alice.pk


def test_positions_and_audiences_are_unchanged(alice: User) -> None:
    head = log.head()
    before = list(Event.objects.order_by("pk").values_list("pk", "kind", "channel", "ref", "subject", "time"))
    account_delete(user_id=alice.pk)
    after = (
        Event.objects.filter(pk__lte=head).order_by("pk").values_list("pk", "kind", "channel", "ref", "subject", "time")
    )
    assert list(after) == before


def test_names_of_others_are_unchanged(alice: User, bob: User) -> None:
    account_delete(user_id=alice.pk)
    names = [
        json.loads(event.body).get("name") for event in Event.objects.filter(body__contains=f'"fromId":"{bob.pk}"')
    ]
    assert names and NICKNAME not in names


@pytest.mark.parametrize("step", ["_leave_group", "anonymize_events"])
def test_an_interrupted_deletion_is_finished(alice: User, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*args: object, **how: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(account_deletion, step, fail)
        with pytest.raises(RuntimeError):
            account_delete(user_id=alice.pk)
    assert users_awaiting_anonymization() == [alice.pk]
    assert Client().post("/accounts/login/", {"username": NAME, "password": PASSWORD}).status_code == 200
    finish_interrupted_deletions()
    assert users_awaiting_anonymization() == []
    assert NAME not in database_as_text()


def test_the_last_administrator_cannot_be_deleted(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    with pytest.raises(LastAdministrator):
        account_delete(user_id=alice.pk)
    alice.refresh_from_db()
    assert alice.is_active and alice.username == NAME


def test_only_user_accounts_can_be_deleted(db: None) -> None:
    with pytest.raises(NoSuchUser):
        user_mark_deleted(user_id=system_user().pk)
    with pytest.raises(NoSuchUser):
        user_mark_deleted(user_id=2**40)


def test_a_message_id_equal_to_a_user_id_is_not_anonymized() -> None:
    assert anonymized_body("msg", {"id": "7", "fromId": "8", "from": "bob", "name": "Bob"}, 7, "alice") is None
    body = {"id": "9", "fromId": "7", "from": "alice", "name": "Alice", "avatar": "/a", "msg": "alice is here"}
    changed = anonymized_body("enter", body, 7, "alice")
    assert changed == body | {"from": "~deleted-7", "name": NICKNAME, "avatar": "", "msg": f"{NICKNAME} is here"}
    who = {"userId": "alice", "id": "7", "name": "Alice", "avatar": "", "kind": "person"}
    noted = anonymized_body(
        "channel.note", {"by": who, "who": [who, {"userId": "bob", "id": "8", "name": "Bob"}]}, 7, "alice"
    )
    assert noted is not None and [one["name"] for one in noted["who"]] == [NICKNAME, "Bob"]


def test_alice_deletes_her_account_with_her_password(alice: User) -> None:
    client = Client()
    client.post("/accounts/login/", {"username": NAME, "password": PASSWORD})
    client.post("/accounts/data/delete/", {"current_password": "wrong"})
    alice.refresh_from_db()
    assert alice.deleted_at is None
    assert client.post("/accounts/data/delete/", {"current_password": PASSWORD})["Location"] == "/accounts/login/"
    alice.refresh_from_db()
    assert alice.deleted_at is not None and not alice.is_active
