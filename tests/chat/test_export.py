"""One's own data as a ZIP: all of it, and nothing of others'."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient, Client
from pytest_django.fixtures import Settings
from social_django.models import UserSocialAuth

from accounts import throttle
from accounts.actions import avatar_set, friend_request, person_block, person_register, token_make
from accounts.models import User
from chat import export as exporting
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.message import message_draft, message_draft_attachment, message_recall, message_send_now
from chat.actions.report import message_report
from chat.export import export
from tests.support.core import room
from tests.support.identity_provider import picture

PASSWORD = "a good password"


@pytest.fixture
def bob(db: None) -> User:
    return person_register(username="bob", nickname="Bobby", password=PASSWORD, email="bob@private.example")


@pytest.fixture
def alice(db: None, bob: User, settings: Settings, tmp_path: Path) -> User:
    settings.DATA_DIR = tmp_path
    alice = person_register(username="alice", nickname="Alice", password=PASSWORD, email="alice@example.org")
    UserSocialAuth.objects.create(user=alice, provider="github", uid="4711", extra_data={"access_token": "gh-secret"})
    friend_request(user=alice, person_id=bob.pk)
    friend_request(user=bob, person_id=alice.pk)
    enemy = person_register(username="enemy", nickname="Hidden Nickname", password=PASSWORD)
    person_block(user=alice, person_id=enemy.pk)
    return avatar_set(user_id=alice.pk, picture=picture())


def say(sender: User, channel: Any, text: str) -> Any:
    return message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text))


def unpacked(user: User) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(export(user)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lines(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files["messages.jsonl"].splitlines()]


@pytest.fixture
def talk(alice: User, bob: User) -> Any:
    """Alice and Bob talk; returns their group."""
    hall = room(901)
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
    shot = message_draft_attachment(sender=alice.pk, channel=private.pk, content=picture(), type="picture")
    message_send_now(shot)
    theirs = message_draft_attachment(
        sender=bob.pk, channel=private.pk, content=picture(colour="#000000"), type="picture"
    )
    message_send_now(theirs)
    return group


def test_all_that_is_hers_is_there(alice: User, talk: Any) -> None:
    token_make(user=alice, name="Robot", address="192.0.2.1")
    files = unpacked(alice)
    profile = json.loads(files["profile.json"])
    assert (profile["userName"], profile["nickname"], profile["email"]) == ("alice", "Alice", "alice@example.org")
    assert [link["subject"] for link in profile["links"]] == ["4711"]
    assert [said.get("text") for said in lines(files)] == ["ALICE in the hall", "ALICE in the group", None, None]
    assert [said["type"] for said in lines(files)] == ["text", "text", "text", "picture"]
    assert files[lines(files)[3]["file"]] == picture()
    assert json.loads(files["people.json"])["friends"] == ["bob"]
    assert json.loads(files["people.json"])["blocked"] == ["enemy"]
    assert [stay["name"] for stay in json.loads(files["memberships.json"])] == ["Painters", ""]
    assert [device["name"] for device in json.loads(files["devices.json"])] == ["Robot"]
    assert [report["reason"] for report in json.loads(files["reports.json"])] == ["ALICE was hurt"]
    assert files["avatar.webp"][:4] == b"RIFF"


def test_nothing_of_others_is_there(alice: User, talk: Any) -> None:
    whole = b"\n".join(unpacked(alice).values())
    for secret in (b"BOB", b"Bobby", b"bob@private.example", b"Hidden Nickname", picture(colour="#000000")):
        assert secret not in whole


def test_no_secret_is_there(alice: User, talk: Any) -> None:
    token = token_make(user=alice).token
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    whole = b"\n".join(unpacked(alice).values())
    alice.refresh_from_db()
    for secret in (token, client.session.session_key or "?", alice.password, "gh-secret", token[:15]):
        assert secret.encode() not in whole


def test_what_was_recalled_is_not_there(alice: User, talk: Any) -> None:
    assert b"regrets" not in unpacked(alice)["messages.jsonl"]
    assert lines(unpacked(alice))[2]["recalledAt"]


def test_it_comes_in_pieces(alice: User, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one step holds does not grow with what was said."""
    monkeypatch.setattr(exporting, "_PAGE", 1)
    assert [said.get("text") for said in lines(unpacked(alice))][:2] == ["ALICE in the hall", "ALICE in the group"]
    assert max(map(len, export(alice))) < 12_000


def test_names_in_the_archive_are_ours(alice: User, talk: Any) -> None:
    for name in unpacked(alice):
        assert not name.startswith("/") and ".." not in name


@pytest.mark.django_db(transaction=True)
async def test_she_downloads_it(settings: Settings, tmp_path: Path) -> None:
    from delivery.threads import run

    settings.DATA_DIR = tmp_path
    throttle.exporting.forget()
    user = await run(lambda: person_register(username="carol", password=PASSWORD))
    client = AsyncClient()
    await client.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = await client.post("/accounts/data/export/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="imsite-data.zip"'
    content = b"".join([piece async for piece in answer.streaming_content])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("profile.json"))["userName"] == "carol"


def test_by_post_only_and_not_without_end(alice: User, settings: Settings) -> None:
    settings.IM_EXPORT_RATE = 1
    throttle.exporting.forget()
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert client.get("/accounts/data/export/").status_code == 405
    assert client.post("/accounts/data/export/")["Content-Type"] == "application/zip"
    assert "too often" in client.post("/accounts/data/export/", follow=True).content.decode()
    throttle.exporting.forget()


def test_a_stranger_gets_none(db: None, client: Client) -> None:
    assert client.post("/accounts/data/export/")["Location"].startswith("/accounts/login/")
