"""A search finds messages that the user may read now, by their present text."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.actions import app_create, app_update, guest_create
from accounts.models import User
from accounts.visible_text import has_visible_text
from chat.actions.channel import channel_create_global, channel_create_private
from chat.actions.channel_settings import channel_update_settings
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_draft, message_edit, message_recall
from chat.actions.retention import channel_delete_expired
from chat.models import Channel, Message, SearchCursor
from chat.search import queries
from chat.search.index import index_find
from chat.search.queries import message_search
from chat.search.tokenizer import phrases
from chat.selectors import access_channel
from chat.sending.writer import commit
from delivery import log
from tests.chat.search.conftest import Say, catch_up
from tests.support.attachments import ready_attachment


def _found(user: User, question: str, **how: object) -> list[str]:
    catch_up()
    return [row.text for row in message_search(user, question, limit=100, **how).messages]


def test_members_find_messages_and_a_stranger_does_not(
    group: Channel, say: Say, alice: User, bob: User, eve: User
) -> None:
    say(alice, group, "The tide comes in at noon")
    say(bob, group, "马远在南京画山水")
    for user in (alice, bob):
        assert _found(user, "tide noo") == ["The tide comes in at noon"]
        assert _found(user, "南京") == _found(user, "京") == _found(user, "山水") == ["马远在南京画山水"]
        assert _found(user, "noon 南京") == _found(user, "马京") == []
    assert _found(eve, "tide") == _found(eve, "南京") == []
    assert _found(guest_create(name="Somebody"), "tide") == []


def test_a_message_is_found_by_the_names_of_its_files(group: Channel, alice: User, bob: User) -> None:
    file = ready_attachment(alice, "Budget_2027 預算.xlsx")
    commit([message_draft(sender=alice.pk, channel=group.pk, text="for you", attachments=[file.key])])
    for question in ("budget", "2027", "預算", "for xlsx"):
        assert _found(bob, question) == ["for you"], question
    assert _found(bob, file.key) == []
    message = Message.objects.get()
    message_recall(user=alice, channel_id=group.pk, message_id=message.pk, app=None)
    assert _found(bob, "budget") == []


def test_pages_go_from_the_newest_to_the_oldest(group: Channel, say: Say, alice: User) -> None:
    for number in range(7):
        say(alice, group, f"wave {number}")
    catch_up()
    seen, before = [], None
    while True:
        page = message_search(alice, "wave", limit=3, before=before)
        seen += [row.text for row in page.messages]
        if page.next is None:
            break
        before = page.next
    assert seen == [f"wave {number}" for number in reversed(range(7))]


def test_a_page_ends_after_limited_work_and_continues(
    group: Channel, say: Say, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_CHUNK_SIZE", 2)
    monkeypatch.setattr(queries, "MAX_CANDIDATES", 4)
    wanted = say(bob, group, "wave of old")
    for number in range(5):
        say(alice, group, f"wave {number}")
    catch_up()
    monkeypatch.setattr(queries, "matches", lambda text, asked: "old" in text)
    first = message_search(alice, "wave", limit=1)
    assert first.messages == [] and first.next is not None
    second = message_search(alice, "wave", limit=1, before=first.next)
    assert [row.pk for row in second.messages] == [wanted]


def test_a_recalled_message_is_not_found_even_before_the_index_is_updated(
    group: Channel, say: Say, alice: User
) -> None:
    message = say(alice, group, "password hunter2")
    catch_up()
    message_recall(user=alice, channel_id=group.pk, message_id=message, app=None)
    assert message_search(alice, "hunter2", limit=10).messages == []
    assert _found(alice, "hunter2") == []
    assert index_find(phrases("hunter2"), channels=None, before=None, limit=10) == []


def test_an_edited_message_is_found_by_its_new_text_only(group: Channel, say: Say, alice: User) -> None:
    message = say(alice, group, "meet at seven")
    catch_up()
    message_edit(user=alice, channel_id=group.pk, message_id=message, text="meet at eight", app=None)
    assert message_search(alice, "seven", limit=10).messages == []
    assert _found(alice, "seven") == []
    assert index_find(phrases("seven"), channels=None, before=None, limit=10) == []
    assert _found(alice, "eight") == ["meet at eight"]


def test_a_message_edited_before_indexing_is_found_once(group: Channel, say: Say, alice: User) -> None:
    message = say(alice, group, "first draft")
    message_edit(user=alice, channel_id=group.pk, message_id=message, text="second draft", app=None)
    assert _found(alice, "draft") == ["second draft"]
    assert _found(alice, "first") == []


@pytest.mark.parametrize("named", [queries.MAX_NAMED_CHANNELS, -1], ids=["channels named to the index", "none named"])
def test_a_member_finds_messages_of_their_membership_intervals(
    group: Channel, say: Say, alice: User, eve: User, named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_NAMED_CHANNELS", named)
    say(alice, group, "stone one")
    member_invite(user=alice, channel_id=group.pk, names=["eve"])
    say(alice, group, "stone two")
    member_leave(user=eve, channel_id=group.pk)
    say(alice, group, "stone three")
    assert _found(eve, "stone") == []
    member_invite(user=alice, channel_id=group.pk, names=["eve"])
    say(alice, group, "stone four")
    access = access_channel(eve, group.pk)
    assert _found(eve, "stone") == _found(eve, "stone", access=access) == ["stone four", "stone two"]
    channel_update_settings(user=alice, channel_id=group.pk, history="all")
    access = access_channel(eve, group.pk)
    assert len(_found(eve, "stone")) == len(_found(eve, "stone", access=access)) == 4
    channel_update_settings(user=alice, channel_id=group.pk, history="joined", join="open")
    assert len(_found(eve, "stone")) == 4
    member_leave(user=eve, channel_id=group.pk)
    assert _found(eve, "stone") == []


def test_a_search_can_be_limited_to_one_channel(group: Channel, say: Say, alice: User, bob: User) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    say(alice, group, "lake in the group")
    say(alice, private, "lake between us")
    assert _found(bob, "lake") == ["lake between us", "lake in the group"]
    assert _found(bob, "lake", access=access_channel(bob, private.pk)) == ["lake between us"]


def test_a_manager_of_groups_searches_all_groups_and_no_private_channel(
    group: Channel, say: Say, alice: User, bob: User
) -> None:
    manager = User.objects.create_user("manager", kind=User.Kind.SERVICE)
    private, _ = channel_create_private(creator=alice, other=bob)
    say(alice, group, "lake in the group")
    say(alice, private, "lake between us")
    assert _found(manager, "lake") == []
    assert _found(manager, "lake", manages=True) == ["lake in the group"]


def test_global_channels_are_searched_while_their_app_is_enabled(say: Say, alice: User) -> None:
    rooms = []
    for number in (101, 102):
        rooms.append(channel_create_global(app=app_create(number=number, name=f"App {number}")))
        say(alice, rooms[-1], f"island {number}")
    guest = guest_create(name="Somebody")
    assert _found(alice, "island") == ["island 102", "island 101"]
    assert _found(alice, "island", app=101) == _found(guest, "island", app=101) == ["island 101"]
    app_update(number=102, name="App 102", guests_allowed=True, enabled=False)
    assert _found(alice, "island") == ["island 101"]


def test_a_user_in_many_channels_finds_the_same(
    group: Channel, say: Say, alice: User, bob: User, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_NAMED_CHANNELS", 0)
    say(alice, group, "cloud")
    assert _found(bob, "cloud") == ["cloud"]
    assert _found(eve, "cloud") == []


def test_messages_deleted_by_retention_leave_the_index(group: Channel, say: Say, alice: User) -> None:
    say(alice, group, "ancient")
    catch_up()
    assert channel_delete_expired(channel_id=group.pk, before=log.now_ms() + 1) == 1
    assert index_find(phrases("ancient"), channels=None, before=None, limit=10) == []


def test_a_restored_log_is_indexed_again(group: Channel, say: Say, alice: User) -> None:
    catch_up()
    say(alice, group, "harbour")
    SearchCursor.objects.update(position=log.head() + 1000)
    assert _found(alice, "harbour") == ["harbour"]
    assert SearchCursor.objects.get().position == log.head()


@pytest.mark.parametrize(
    "question", ["", " ", "!!!", "\0", '"', "*", "NOT", "a OR b", "words:x", "')", "a" * 5000, "\ud83d"]
)
def test_no_query_causes_a_fault(group: Channel, say: Say, alice: User, question: str) -> None:
    say(alice, group, "nothing of the kind")
    _found(alice, question)


_TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=60)


@settings(max_examples=60)
@given(text=_TEXTS.filter(has_visible_text))
def test_the_index_finds_every_message_by_its_text(group: Channel, say: Say, alice: User, text: str) -> None:
    message = say(alice, group, text)
    catch_up()
    asked = phrases(text)
    if asked:
        found = index_find(asked, channels=[group.pk], before=None, limit=1000)
        assert message in found, connection.vendor
