"""Exports contain more than plain messages: huddles, deleted messages, attachments of bots, quotes, users who left."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import User
from chat.models import Channel, Membership, Message
from tests.chat.imports.test_hostile_exports import DAY, write_slack
from tests.chat.imports.test_other_systems import T, write_mattermost, write_rocketchat
from tests.support.imports import run_import, texts, write_json, write_lines

pytestmark = pytest.mark.django_db


def test_slack_threads_of_huddles_and_deleted_messages_keep_their_answers(tmp_path: Path) -> None:
    root, deleted = f"{DAY}.0", f"{DAY + 2}.0"
    write_slack(
        tmp_path,
        {"subtype": "huddle_thread", "user": "USLACKBOT", "text": "", "thread_ts": root},
        {"text": "link?", "thread_ts": root},
        {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "thread_ts": deleted},
        {"text": "why?", "thread_ts": deleted},
        {"subtype": "huddle_thread", "user": "USLACKBOT", "text": ""},
        users=[{"id": "U1", "name": "alice"}, {"id": "USLACKBOT", "name": "slackbot"}],
    )
    run_import("slack", tmp_path)
    rows = list(Message.objects.order_by("seq").values_list("text", "thread_only"))
    assert rows == [
        ("A huddle started", False),
        ("link?", True),
        ("This message was deleted.", False),
        ("why?", True),
    ]
    assert User.objects.get(username="slackbot").kind == "service"


def test_slack_blocks_attachments_and_actions_have_their_texts(tmp_path: Path) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Deploy"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*done* by <@U1>"}, "fields": [{"text": "in 3 s"}]},
        {"type": "context", "elements": [{"type": "image"}, {"type": "mrkdwn", "text": "main"}]},
    ]
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": "see "}, {"url": "https://a.example"}]}
    attachment = {"pretext": "New", "title": "Issue 8", "title_link": "https://a.example/8", "fields": [{"value": 7}]}
    write_slack(
        tmp_path,
        {"text": "", "blocks": blocks},
        {"text": "", "blocks": [{"type": "rich_text", "elements": [rich]}]},
        {"text": "own", "blocks": blocks, "attachments": [attachment, 5]},
        {"subtype": "me_message", "text": "waves"},
    )
    run_import("slack", tmp_path)
    assert texts(Channel.objects.get(name="general")) == [
        "**Deploy**\n**done** by @alice\nin 3 s\nmain",
        "see https://a.example",
        "own\nNew\n**[Issue 8](https://a.example/8)**\n7",
        "waves",
    ]
    assert Message.objects.get(text="waves").type == "action"


def test_mattermost_bots_attachments_and_conversations(tmp_path: Path) -> None:
    write_mattermost(tmp_path)
    post = {"team": "us", "channel": "town", "user": "hook", "message": "", "create_at": T + 50}
    attachments = [{"title": "Build", "text": "is **green**"}]
    with (tmp_path / "import.jsonl").open("ab") as file:
        write_lines(
            tmp_path / "more",
            {"type": "bot", "bot": {"username": "hook", "owner": "alice", "delete_at": T}},
            {"type": "post", "post": {**post, "type": "slack_attachment", "props": {"attachments": attachments}}},
            {"type": "post", "post": {**post, "create_at": T + 51, "props": {"attachments": "none"}, "message": "b"}},
            {"type": "direct_channel", "direct_channel": {"participants": [{"username": "alice"}]}},
            {"type": "direct_post", "direct_post": {"channel_members": ["alice"], "user": "alice", "type": "me",
                                                    "message": "waves", "create_at": T}},
        )  # fmt: skip
        file.write((tmp_path / "more").read_bytes())
    run_import("mattermost", tmp_path)
    assert texts(Channel.objects.get(name="Town"))[-2:] == ["**Build**\nis **green**", "b"]
    bot = User.objects.get(username="hook")
    assert (bot.kind, bot.is_active) == ("service", False)
    assert Message.objects.get(text="waves").type == "action"


def test_rocketchat_quotes_and_conversations_with_a_user_who_left(tmp_path: Path) -> None:
    write_rocketchat(tmp_path)
    message = {"rid": "r2", "u": {"_id": "u1"}, "ts": {"$date": T + 60}}
    with (tmp_path / "rocketchat_message.json").open("ab") as file:
        write_lines(
            tmp_path / "more",
            {**message, "_id": "m5", "msg": "[ ](https://chat.example/direct/r2?msg=m4) yes"},
            {**message, "_id": "m6", "msg": "old", "ts": {"$date": {"$numberLong": "-5"}}},
            {**message, "_id": "m7", "msg": "c2VjcmV0", "t": "e2e"},
        )
        file.write((tmp_path / "more").read_bytes())
    with (tmp_path / "rocketchat_subscription.json").open("ab") as file:
        file.write(b'{"rid": "r2", "u": {"_id": "u1"}}\n')
    run_import("rocketchat", tmp_path)
    private = Channel.objects.get(kind="private")
    assert texts(private) == ["old", "Hi", "yes"]
    assert Message.objects.get(text="yes").reply_to == Message.objects.get(text="Hi").pk
    assert Membership.objects.filter(channel=private).count() == 2


def test_a_conversation_with_oneself_is_a_group_of_that_name(tmp_path: Path) -> None:
    write_slack(tmp_path, {"text": "a"})
    write_json(tmp_path / "dms.json", [{"id": "D1", "members": ["U1", "U1"]}])
    run_import("slack", tmp_path)
    assert Channel.objects.get(join="closed").name == "alice"
