"""Exports of Mattermost and Rocket.Chat, and the CSV form."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import User
from chat.imports.records import UnreadableExport
from chat.models import Attachment, Channel, Membership, Message, Pin, Reaction, ReactionUser
from tests.support.imports import run_import, texts, write_json, write_lines

pytestmark = pytest.mark.django_db

T = 1_700_000_000_000


def write_mattermost(root: Path) -> None:
    teams = [{"name": "us", "channels": [{"name": "town", "roles": "channel_user channel_admin"}]}]
    post = {"team": "us", "channel": "town", "user": "alice", "message": "**Read** this", "create_at": T + 9}
    answer = {"user": "bob", "message": "I did", "create_at": T + 20, "attachments": [{"path": "data/20231114/a.txt"}]}
    write_lines(
        root / "import.jsonl",
        {"type": "version", "version": 1},
        {"type": "channel", "channel": {"team": "us", "name": "town", "display_name": "Town", "type": "P"}},
        {"type": "user", "user": {"username": "alice", "email": "a@people.example", "nickname": "Al", "teams": teams}},
        {"type": "user", "user": {"username": "bob", "email": "b@people.example", "teams": [
            {"name": "us", "channels": [{"name": "town", "roles": "channel_user"}]}]}},
        {"type": "post", "post": {**post, "message": "later", "create_at": T + 10, "is_pinned": True}},
        {"type": "post", "post": {**post, "reactions": [{"user": "bob", "emoji_name": "+1", "create_at": T + 11}],
                                  "replies": [answer]}},
        {"type": "post", "post": {**post, "type": "system_join_channel", "message": "joined"}},
        {"type": "direct_channel", "direct_channel": {"members": ["alice", "bob"]}},
        {"type": "direct_post", "direct_post": {"channel_members": ["bob", "alice"], "user": "bob", "message": "Hi",
                                                "create_at": T}},
    )  # fmt: skip
    file = root / "data" / "20231114" / "a.txt"
    file.parent.mkdir(parents=True)
    file.write_text("A text.")


def write_rocketchat(root: Path) -> None:
    write_lines(
        root / "users.json",
        {"_id": "u1", "username": "alice", "name": "Al", "emails": [{"address": "a@people.example"}], "active": True},
        {"_id": "u2", "username": "bob", "active": True},
    )
    write_lines(root / "rocketchat_room.json", {"_id": "r1", "t": "p", "name": "town", "fname": "Town"},
                {"_id": "r2", "t": "d", "uids": ["u1", "u2"]}, {"_id": "r3", "t": "l"})  # fmt: skip
    write_lines(
        root / "rocketchat_subscription.json",
        {"rid": "r1", "u": {"_id": "u1"}, "roles": ["owner"]},
        {"rid": "r1", "u": {"_id": "u2"}},
    )
    message = {"rid": "r1", "u": {"_id": "u1"}, "ts": {"$date": "2023-11-14T22:13:20.009Z"}}
    file = {"_id": "f1", "name": "a.txt", "type": "text/plain"}
    write_lines(
        root / "rocketchat_message.json",
        {**message, "_id": "m2", "msg": "later", "ts": {"$date": T + 10}, "pinned": True},
        {**message, "_id": "m1", "msg": "**Read** this", "reactions": {":+1:": {"usernames": ["bob"]}}},
        {**message, "_id": "m0", "msg": "alice", "t": "uj"},
        {**message, "_id": "m3", "msg": "", "u": {"_id": "u2"}, "ts": {"$date": {"$numberLong": str(T + 20)}},
         "tmid": "m1", "tshow": True, "file": file, "attachments": [{"description": "I did"}]},
        {"_id": "m4", "rid": "r2", "msg": "Hi", "u": {"_id": "u2"}, "ts": {"$date": T}},
    )  # fmt: skip
    (root / "files").mkdir()
    (root / "files" / "f1").write_text("A text.")


def write_csv(root: Path) -> None:
    (root / "files").mkdir(parents=True)
    (root / "files" / "a.txt").write_text("A text.")
    (root / "users.csv").write_text("\ufeffname,nickname,email\nalice,Al,a@people.example\nbob,,\n")
    (root / "channels.csv").write_text("channel,name,kind,join\ntown,Town,group,closed\nalice-bob,,private,\n")
    (root / "members.csv").write_text(
        "channel,user,role\ntown,alice,owner\ntown,bob,\nalice-bob,alice,\nalice-bob,bob,\n"
    )
    (root / "messages.csv").write_text(
        "id,channel,user,time,text,thread,in_channel,files,pinned\n"
        f'2,town,alice,{T + 10},"later",,,,yes\n'
        "1,town,alice,2023-11-14T22:13:20.009,**Read** this,,,,\n"
        f"3,town,bob,{T + 20},I did,1,yes,a.txt,\n"
        f"4,alice-bob,bob,{T},Hi,,,,\n"
    )
    (root / "reactions.csv").write_text("message,emoji,user\n1,👍,bob\n")


WRITERS = {"mattermost": write_mattermost, "rocketchat": write_rocketchat, "csv": write_csv}


@pytest.mark.parametrize("format", sorted(WRITERS))
def test_the_same_chat_from_each_system(format: str, tmp_path: Path) -> None:
    WRITERS[format](tmp_path)
    report = run_import(format, tmp_path)
    town, private = Channel.objects.get(name="Town"), Channel.objects.get(kind="private")
    assert texts(town) == ["**Read** this", "later", "I did"]
    assert texts(private) == ["Hi"]
    first, later, answer = Message.objects.filter(channel=town).order_by("seq")
    assert [first.time, later.time, answer.time] == [T + 9, T + 10, T + 20]
    assert (answer.thread, answer.thread_only, answer.type) == (first.pk, False, "file")
    assert Attachment.objects.get(message=answer).name == "a.txt"
    assert Pin.objects.get().message == later
    assert Reaction.objects.get(message=first).emoji == "👍"
    assert ReactionUser.objects.get().user.username == "bob"
    members = Membership.objects.filter(channel=town).values_list("user__username", "role")
    assert sorted(members) == [("alice", "owner"), ("bob", "member")]
    alice = User.objects.get(username="alice")
    assert (alice.nickname, alice.email) == ("Al", "a@people.example")
    assert not town.listed and town.join == "closed"
    assert report.created["message"] == 4 and not report.problems
    again = run_import(format, tmp_path)
    assert not +again.created and again.known["message"] == 4


@pytest.mark.parametrize(
    ("format", "name", "content", "problem"),
    [
        ("csv", "messages.csv", "id,channel,user\n", "messages.csv: its first line must name the column time."),
        (
            "csv",
            "messages.csv",
            "id,channel,user,time\n1,town,alice,soon\n",
            "messages.csv, line 2: 'soon' is no time.",
        ),
        (
            "csv",
            "members.csv",
            "channel,user,role\ntown,alice,king\n",
            "members.csv, line 2: Invalid enum value 'king'",
        ),
        ("mattermost", "import.jsonl", "{}\n", "import.jsonl, line 1: a bulk export of Mattermost begins with its ver"),
        ("mattermost", "import.jsonl", '{"type": "version"}\n{"type"\n', "import.jsonl, line 2: "),
        ("rocketchat", "rocketchat_room.json", '{"t": "c"}\n', "The record after 0 others has an unexpected structure"),
    ],
)
def test_a_broken_export_is_refused(format: str, name: str, content: str, problem: str, tmp_path: Path) -> None:
    WRITERS[format](tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(UnreadableExport) as refused:
        run_import(format, tmp_path)
    assert str(refused.value).startswith(problem)
    assert not Channel.objects.exists()


def test_a_file_outside_of_the_export_is_not_read(tmp_path: Path) -> None:
    root = tmp_path / "export"
    write_csv(root)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "files" / "link.txt").symlink_to(tmp_path / "secret.txt")
    rows = f"1,town,alice,{T},a,../../secret.txt\n2,town,alice,{T},b,link.txt\n"
    (root / "messages.csv").write_text("id,channel,user,time,text,files\n" + rows)
    report = run_import("csv", root)
    assert report.problems["files that the export does not contain"] == 2
    assert not Attachment.objects.exists()


def test_two_sources_of_one_format_are_kept_apart(tmp_path: Path) -> None:
    write_json(tmp_path / "unused.json", {})
    write_csv(tmp_path)
    run_import("csv", tmp_path, source="first")
    run_import("csv", tmp_path, source="second")
    assert Channel.objects.filter(name="Town").count() == 2
