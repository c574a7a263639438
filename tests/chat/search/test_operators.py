"""Operators find messages by sender, channel, day, files, links and threads, alone and beside words."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from accounts.actions import app_create
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group, channel_create_private
from chat.actions.inline_media import inline_media_draft, inline_media_upload
from chat.actions.message import message_draft, message_edit
from chat.models import Channel, Message
from chat.search import queries
from chat.search.queries import message_search
from chat.sending.writer import commit
from tests.chat.search.conftest import Say, catch_up
from tests.support.attachments import ready_attachment
from tests.support.in_process import say as store
from tests.support.pictures import picture

DAY = 86_400_000
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let it be noon for searches, so that no day ends during the test. Return the time in Unix milliseconds."""
    monkeypatch.setattr(queries, "timezone", SimpleNamespace(now=lambda: NOON))
    return int(NOON.timestamp() * 1000)


def _found(user: User, question: str, **how: object) -> list[str]:
    catch_up()
    return [row.text for row in message_search(user, question, limit=100, **how).messages]


def test_by_sender(group: Channel, say: Say, alice: User, bob: User) -> None:
    for user, text in ((alice, "the tide"), (bob, "no tide"), (bob, "noon")):
        say(user, group, text)
    assert _found(alice, "from:bob") == ["noon", "no tide"]
    assert _found(alice, "tide from:@Bob") == ["no tide"]
    assert _found(alice, "from:me") == ["the tide"]
    assert _found(alice, "from:bob from:alice tide") == ["no tide", "the tide"]
    assert _found(alice, "from:nobody tide") == _found(alice, "from:x'\"*") == []


def test_by_channel(group: Channel, say: Say, alice: User, bob: User, carol: User) -> None:
    other = channel_create_group(creator=alice, name="Sailors")
    hidden = channel_create_group(creator=carol, name="Sailors")
    private, _ = channel_create_private(creator=alice, other=bob)
    for channel in (group, other, private):
        say(alice, channel, f"tide {channel.pk}")
    say(carol, hidden, "tide hidden")
    assert _found(alice, "in:sailors") == _found(alice, f"tide in:{other.pk}") == [f"tide {other.pk}"]
    assert _found(alice, "in:#Sailors in:painters") == [f"tide {other.pk}", f"tide {group.pk}"]
    assert _found(alice, "in:@bob") == _found(bob, "in:alice") == [f"tide {private.pk}"]
    assert _found(bob, "in:sailors") == _found(alice, f"in:{hidden.pk}") == _found(alice, "in:nowhere") == []


def test_by_files_and_links(group: Channel, say: Say, alice: User, bob: User) -> None:
    file = ready_attachment(alice, "Budget.xlsx")
    commit([message_draft(sender=alice.pk, channel=group.pk, text="for you", attachments=[file.key])])
    link = say(alice, group, "see https://example.org/tide")
    say(alice, group, "nothing")
    assert _found(bob, "has:file") == _found(bob, "budget has:file") == ["for you"]
    assert _found(bob, "has:link") == _found(bob, "tide has:link") == ["see https://example.org/tide"]
    assert _found(bob, "has:link has:file") == []
    message_edit(user=alice, channel_id=group.pk, message_id=link, text="no link, tide", app=None)
    assert _found(bob, "has:link") == [] and _found(bob, "tide") == ["no link, tide"]


def test_pictures_and_voice_messages_of_ws_are_files(group: Channel, alice: User, bob: User) -> None:
    for type, content in (("picture", picture()), ("voice", b"sound")):
        (key,) = inline_media_upload(user=alice, type=type, content=content, client_id=None)
        draft = inline_media_draft(sender=alice.pk, channel=group.pk, content=content, client_id=type)
        commit([replace(draft, attachments=(key,))])
    catch_up()
    found = message_search(bob, "has:file", limit=9).messages
    assert [[file["name"].split("-")[0] for file in row.attachments or ()] for row in found] == [
        ["voice"],
        ["picture.jpg"],
    ]


def test_pictures_and_voice_messages_of_former_versions_are_files(group: Channel, alice: User, bob: User) -> None:
    content = b64encode(b"tide").decode()
    ids = [store(alice, group, content, type=type).id for type in ("picture", "voice")]
    catch_up()
    found = [[row.pk for row in message_search(bob, question, limit=9).messages] for question in ("has:file", content)]
    assert found == [[ids[1], ids[0]], []]
    Message.objects.filter(pk=ids[0]).update(text="")
    assert [row.pk for row in message_search(bob, "has:file", limit=9).messages] == [ids[1]]


def test_by_day(group: Channel, say: Say, alice: User, bob: User, noon: int) -> None:
    ids = [say(alice, group, f"tide {number}") for number in range(6)]
    for age, pk in enumerate(reversed(ids)):
        Message.objects.filter(pk=pk).update(time=noon - age * 40 * DAY)
    assert _found(bob, "on:today") == ["tide 5"]
    assert _found(bob, "before:today tide") == [f"tide {number}" for number in (4, 3, 2, 1, 0)]
    assert _found(bob, "after:2000-01-01 before:today from:alice", before=ids[2]) == ["tide 1", "tide 0"]
    assert _found(bob, "after:today") == _found(bob, "before:2000-01-01") == []


def test_threads_are_found(group: Channel, say: Say, alice: User, bob: User) -> None:
    root = store(alice, group, "the tide")
    store(bob, group, "tide answer", thread=root.id, thread_only=True)
    say(alice, group, "tide alone")
    assert _found(bob, "tide") == ["tide alone", "tide answer", "the tide"]
    assert _found(bob, "is:thread") == _found(bob, "tide is:thread") == ["tide answer", "the tide"]


def test_managers_search_without_words(group: Channel, say: Say, alice: User, eve: User, noon: int) -> None:
    channel_create_global(app=app_create(number=101, name="Web"))
    say(alice, group, "the tide")
    Message.objects.update(time=noon)
    assert _found(eve, "on:today", manages=True) == ["the tide"]
    assert _found(eve, "on:today") == []


def test_accents_and_scripts_without_spaces(group: Channel, say: Say, alice: User, bob: User) -> None:
    texts = ["Crème brûlée", "ผมชอบกินข้าวผัด", "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "မြန်မာစကား", "ພາສາລາວ", "月", "ｶﾀｶﾅ tide"]
    for text in texts:
        say(alice, group, text)
    questions = ["creme BRULEE", "กินข้าว", "ភាសា", "စကား", "ລາວ", "月", "カタ"]
    assert [_found(bob, question) for question in questions] == [[text] for text in texts]
    assert _found(bob, "crème") == ["Crème brûlée"] and _found(bob, "ก") == ["ผมชอบกินข้าวผัด"]
