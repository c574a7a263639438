"""Operators find messages and recall them."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import guest_create
from accounts.models import User
from chat.admin import queries
from chat.models import Channel, Message
from delivery.models import Event
from tests.support.operators import MESSAGES, event_kinds, found_texts, run_admin_action, send_message


def test_messages_are_listed_newest_first(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    for text, sender, channel in (("one", alice, group), ("two", bob, room), ("three", alice, room)):
        send_message(sender, channel, text)
    assert found_texts(operator, "") == ["three", "two", "one"]


def test_messages_are_found_by_text_sender_and_channel(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    guest = guest_create(name="Mei Lin")
    send_message(alice, group, "green tea: from:nobody")
    send_message(bob, group, "black tea")
    send_message(guest, room, "tea for two")
    assert found_texts(operator, "TEA") == ["tea for two", "black tea", "green tea: from:nobody"]
    assert found_texts(operator, "tea green") == ["green tea: from:nobody"]
    assert found_texts(operator, '"green tea"') == ["green tea: from:nobody"]
    assert found_texts(operator, "from:BOB") == found_texts(operator, f"from:{bob.pk}") == ["black tea"]
    assert found_texts(operator, 'from:"mei lin" tea') == ["tea for two"]
    assert found_texts(operator, "in:web") == found_texts(operator, f"in:{room.pk}") == ["tea for two"]
    assert found_texts(operator, "in:painters from:alice") == ["green tea: from:nobody"]
    assert (
        found_texts(operator, "from:")
        == found_texts(operator, 'from:"')
        == found_texts(operator, "in:99999999999999999999")
        == []
    )


def test_messages_of_all_users_with_one_name_are_found(
    operator: Client, room: Channel, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_LISTED_IDS", 2)
    send_message(alice, room, "mine")
    for number in range(4):
        send_message(guest_create(name="Guest"), room, f"{number}")
    assert found_texts(operator, "from:guest") == ["3", "2", "1", "0"]


def test_the_url_cannot_filter_by_other_columns(operator: Client, db: None) -> None:
    for query in ("text__regex=(a%2B)%2B%24", "sender__password__startswith=a", "recalled_at__isnull=1"):
        assert operator.get(f"{MESSAGES}?{query}").status_code == 400


def test_no_page_counts_all_messages(operator: Client, alice: User, group: Channel) -> None:
    send_message(alice, group, "hello")
    with CaptureQueriesContext(connection) as queries:
        for url in (MESSAGES, f"{MESSAGES}?q=hello", f"{MESSAGES}?_facets=True", f"{MESSAGES}?p=2", f"{MESSAGES}?all="):
            assert operator.get(url).status_code == 200
    about_messages = [query["sql"] for query in queries if '"chat_message"' in query["sql"]]
    assert about_messages
    assert not [sql for sql in about_messages if "COUNT(" in sql]
    assert all("LIMIT 50" in sql for sql in about_messages)


def test_olga_recalls_messages_after_a_confirmation(operator: Client, alice: User, bob: User, group: Channel) -> None:
    rude, ruder, fine = (
        send_message(bob, group, "rude"),
        send_message(bob, group, "ruder"),
        send_message(alice, group, "harmless"),
    )
    asked = run_admin_action(operator, MESSAGES, "recall_selected", rude, ruder)
    html = asked.content.decode()
    assert "deleted permanently" in html and "Bob in Painters: rude" in html and "harmless" not in html
    assert not Message.objects.filter(recalled_at__isnull=False)

    done = run_admin_action(operator, MESSAGES, "recall_selected", rude, ruder, confirmed="recall")
    assert "2 recalled." in done.content.decode()
    for message in (rude, ruder, fine):
        message.refresh_from_db()
    assert (rude.text, ruder.text, fine.text) == ("", "", "harmless")
    assert str(rude.recalled_by) == "olga"
    assert event_kinds(group)[-2:] == ["message.recalled", "message.recalled"]
    assert "rude" not in "".join(Event.objects.filter(channel=group.pk).values_list("body", flat=True))


def test_a_second_recall_changes_nothing(operator: Client, bob: User, group: Channel) -> None:
    rude = send_message(bob, group, "rude")
    for _ in range(2):
        response = run_admin_action(operator, MESSAGES, "recall_selected", rude, confirmed="recall")
    assert "the action does not apply" in response.content.decode()
    assert event_kinds(group).count("message.recalled") == 1
    assert LogEntry.objects.filter(object_id=str(rude.pk)).count() == 1


def test_a_recalled_message_cannot_be_recalled_again(operator: Client, bob: User, group: Channel) -> None:
    rude = send_message(bob, group, "rude")
    page = f"{MESSAGES}{rude.pk}/"
    assert f'href="{page}recall/"' in operator.get(f"{page}change/").content.decode()
    asked = operator.get(f"{page}recall/")
    assert "deleted permanently" in asked.content.decode()
    response = operator.post(f"{page}recall/", {"confirmed": "recall"}, follow=True)
    assert response.redirect_chain == [("../change/", 302)]
    html = response.content.decode()
    assert "1 recalled." in html and f'href="{page}recall/"' not in html and "by olga" in html
    assert event_kinds(group).count("message.recalled") == 1
