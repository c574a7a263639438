"""Operators look at channels and messages in the admin, recall and close; nothing else can be done to a row there."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import app_create, guest_create, person_register
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group, channel_create_private
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_draft, message_edit, message_send_now
from chat.admin import reads
from chat.admin.channels import StayInline
from chat.models import Channel, Membership, Message
from delivery import publish
from delivery.hub import Hub
from delivery.models import Event

CHANNELS, MESSAGES = "/admin/chat/channel/", "/admin/chat/message/"
SCRIPT = "<script>alert(1)</script>"
"""What somebody types who hopes that it runs."""


@pytest.fixture
def alice(db: None) -> User:
    return person_register(username="alice", nickname="Alice", password="a good password")


@pytest.fixture
def bob(db: None) -> User:
    return person_register(username="bob", nickname="Bob", password="a good password")


@pytest.fixture
def group(alice: User, bob: User) -> Channel:
    return channel_create_group(creator=alice, name="Tea", members=["bob"])


@pytest.fixture
def room(db: None) -> Channel:
    return channel_create_global(app=app_create(number=101, name="Web"))


@pytest.fixture
def operator(db: None) -> Client:
    """The browser of a superuser."""
    return signed_in(User.objects.create_superuser("olga"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def staff(*rights: str) -> Client:
    """The browser of somebody who may enter the admin, with these rights."""
    user = User.objects.create_user("stan", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


def say(sender: User, channel: Channel, text: str) -> Message:
    stored = message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text))
    return Message.objects.get(pk=stored.id)


def tick(client: Client, url: str, action: str, *rows: Any, **more: Any) -> HttpResponse:
    """Tick rows of a list and run an action, as the form does."""
    numbers = [row.pk for row in rows]
    response: HttpResponse = client.post(
        url, {"action": action, "_selected_action": numbers, "select_across": 0, **more}, follow=True
    )
    return response


def kinds(channel: Channel) -> list[str]:
    """What the log says of the channel, oldest first."""
    return list(Event.objects.filter(channel=channel.pk).order_by("position").values_list("kind", flat=True))


# -- looking ----------------------------------------------------------------------------------------------------------


def test_every_page_opens_for_a_superuser(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    message = say(alice, group, "hello")
    pages = ["/admin/", CHANNELS, MESSAGES, "/admin/chat/", "/admin/search/?s=chan&extended"]
    pages += [f"{CHANNELS}{channel.pk}/{page}/" for channel in (group, room, private) for page in ("change", "history")]
    pages += [f"{MESSAGES}{message.pk}/{page}/" for page in ("change", "history", "recall")]
    pages += [f"{CHANNELS}{group.pk}/close/", f"{CHANNELS}?kind__exact=public&closed__exact=0", f"{MESSAGES}?p=2"]
    assert {page: operator.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_what_does_not_exist_leads_back(operator: Client, db: None) -> None:
    for page in (f"{CHANNELS}999/change/", f"{MESSAGES}x/change/", f"{MESSAGES}999/recall/", f"{CHANNELS}x/close/"):
        response = operator.get(page)
        assert (response.status_code, response.headers["Location"]) == (302, "/admin/"), page


def test_staff_without_rights_are_refused(group: Channel, alice: User) -> None:
    message, client = say(alice, group, "hello"), staff()
    for page in (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/", f"{MESSAGES}{message.pk}/change/",
                 f"{CHANNELS}{group.pk}/close/", f"{MESSAGES}{message.pk}/recall/"):  # fmt: skip
        assert client.get(page).status_code == 403, page
        assert client.post(page, {"confirmed": "close"}).status_code == 403, page


def test_a_person_who_is_no_staff_is_sent_to_the_sign_in(alice: User) -> None:
    response = signed_in(alice).get(CHANNELS)
    assert response.status_code == 302 and response.headers["Location"].startswith("/admin/login/")


def test_who_may_only_look_is_offered_nothing_to_do(group: Channel, alice: User) -> None:
    message, client = say(alice, group, "hello"), staff("view_channel", "view_message", "view_membership")
    for page in (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/", f"{MESSAGES}{message.pk}/change/"):
        html = client.get(page).content.decode()
        assert "_selected" not in html and "/close/" not in html and "/recall/" not in html, page
    assert client.post(f"{MESSAGES}{message.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    tick(client, MESSAGES, "recall_selected", message, confirmed="recall")
    message.refresh_from_db()
    assert message.recalled_at is None


def test_channels_are_called_as_their_people_know_them(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    channel_create_private(creator=alice, other=bob)
    others = [person_register(username=f"p{n}", nickname=f"Person {n}", password="a good password") for n in range(5)]
    channel_create_group(creator=alice, members=[person.username for person in others])
    html = operator.get(CHANNELS).content.decode()
    for title in ("Tea", "Web", "Alice, Bob", "Alice, Person 0, Person 1, Person 2 +2"):
        assert f">{title}</a>" in html


def test_a_channel_is_found_by_name_and_by_number(operator: Client, alice: User, group: Channel) -> None:
    coffee = channel_create_group(creator=alice, name="Coffee")

    def found(term: str) -> list[int]:
        return sorted(row.pk for row in operator.get(CHANNELS, {"q": term}).context["cl"].result_list)

    assert found("tea") == [group.pk]
    assert found(str(group.pk)) == [group.pk]
    assert found("") == [group.pk, coffee.pk]
    assert found("²") == found("9" * 30) == found("9" * 5000) == []


def test_the_members_tab_shows_who_is_there_and_who_was(
    operator: Client, alice: User, bob: User, group: Channel
) -> None:
    say(alice, group, "before")
    member_leave(user=bob, channel_id=group.pk)
    say(alice, group, "between")
    member_invite(user=alice, channel_id=group.pk, names=["bob"])
    formset = operator.get(f"{CHANNELS}{group.pk}/change/").context["inline_admin_formsets"][0].formset
    shown = StayInline(Channel, site)
    stays = [(str(row.user), shown.stay(row), shown.said_meanwhile(row)) for row in (form.instance for form in formset)]
    assert stays == [("alice", "there now", "from 1 on"), ("bob", "there now", "from 3 on"), ("bob", "ended", "1 to 1")]


def test_a_global_channel_has_no_members_tab(operator: Client, room: Channel) -> None:
    assert operator.get(f"{CHANNELS}{room.pk}/change/").context["inline_admin_formsets"] == []


def test_a_large_group_shows_its_members_page_by_page(operator: Client, alice: User) -> None:
    names = [f"p{number}" for number in range(60)]
    for name in names:
        User.objects.create_user(name)
    crowd = channel_create_group(creator=alice, name="Crowd", members=names)

    def shown(page: str) -> int:
        return len(operator.get(page).context["inline_admin_formsets"][0].formset.forms)

    page = f"{CHANNELS}{crowd.pk}/change/"
    assert (shown(page), shown(f"{page}?memberships-page=2")) == (50, 11)


def test_messages_stand_newest_first(operator: Client, alice: User, bob: User, group: Channel, room: Channel) -> None:
    for text, sender, channel in (("one", alice, group), ("two", bob, room), ("three", alice, room)):
        say(sender, channel, text)
    assert texts(operator, "") == ["three", "two", "one"]


def test_no_page_claims_a_number_of_rows_that_nobody_counted(operator: Client, group: Channel, alice: User) -> None:
    say(alice, group, "hello")
    for page in (CHANNELS, MESSAGES, f"{MESSAGES}?q=hello"):
        assert not re.search(r"\d+\s+results|\bof \d{4}", operator.get(page).content.decode()), page


def texts(client: Client, term: str) -> list[str]:
    """What the list of messages shows for a search."""
    return [row.text for row in client.get(MESSAGES, {"q": term}).context["cl"].result_list]


def test_messages_are_found_by_text_sender_and_channel(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    guest = guest_create(name="Mei Lin")
    say(alice, group, "green tea: from:nobody")
    say(bob, group, "black tea")
    say(guest, room, "tea for two")
    assert texts(operator, "TEA") == ["tea for two", "black tea", "green tea: from:nobody"]
    assert texts(operator, "tea green") == ["green tea: from:nobody"]
    assert texts(operator, '"green tea"') == ["green tea: from:nobody"]
    assert texts(operator, "from:BOB") == texts(operator, f"from:{bob.pk}") == ["black tea"]
    assert texts(operator, 'from:"mei lin" tea') == ["tea for two"]
    assert texts(operator, "in:web") == texts(operator, f"in:{room.pk}") == ["tea for two"]
    assert texts(operator, "in:tea from:alice") == ["green tea: from:nobody"]
    assert texts(operator, "from:") == texts(operator, 'from:"') == texts(operator, "in:99999999999999999999") == []


def test_no_column_is_asked_for_by_url(operator: Client, db: None) -> None:
    for query in ("text__regex=(a%2B)%2B%24", "sender__password__startswith=a", "recalled_at__isnull=1"):
        assert operator.get(f"{MESSAGES}?{query}").status_code == 400


def test_the_lists_cost_the_same_for_few_rows_and_many(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(url).status_code == 200
        return len(queries)

    say(alice, group, "hello")
    pages = (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/")
    say(alice, channel_create_private(creator=alice, other=bob)[0], "hi")
    few = [cost(page) for page in pages]
    for number in range(20):
        person = person_register(username=f"p{number}", nickname=f"P{number}", password="a good password")
        member_invite(user=alice, channel_id=group.pk, names=[person.username])
        private, _ = channel_create_private(creator=alice, other=person)
        say(person, private, "hi")
    assert [cost(page) for page in pages] == few
    assert max(few) <= 12


def test_nothing_counts_the_channels(operator: Client, group: Channel) -> None:
    with CaptureQueriesContext(connection) as queries:
        for url in (CHANNELS, f"{CHANNELS}?q=tea&kind__exact=public", f"{CHANNELS}?_facets=True", f"{CHANNELS}?p=2"):
            assert operator.get(url).status_code == 200
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and 'FROM "chat_channel"' in query["sql"]]


def test_nothing_counts_the_messages(operator: Client, alice: User, group: Channel) -> None:
    say(alice, group, "hello")
    with CaptureQueriesContext(connection) as queries:
        for url in (MESSAGES, f"{MESSAGES}?q=hello", f"{MESSAGES}?_facets=True", f"{MESSAGES}?p=2", f"{MESSAGES}?all="):
            assert operator.get(url).status_code == 200
    about_messages = [query["sql"] for query in queries if '"chat_message"' in query["sql"]]
    assert about_messages
    assert not [sql for sql in about_messages if "COUNT(" in sql]
    assert all("LIMIT 50" in sql for sql in about_messages)


# -- doing ------------------------------------------------------------------------------------------------------------


def test_olga_recalls_messages_after_she_was_asked(operator: Client, alice: User, bob: User, group: Channel) -> None:
    rude, ruder, fine = say(bob, group, "rude"), say(bob, group, "ruder"), say(alice, group, "harmless")
    asked = tick(operator, MESSAGES, "recall_selected", rude, ruder)
    html = asked.content.decode()
    assert "deleted for good" in html and "Bob in Tea: rude" in html and "harmless" not in html
    assert not Message.objects.filter(recalled_at__isnull=False)

    done = tick(operator, MESSAGES, "recall_selected", rude, ruder, confirmed="recall")
    assert "2 recalled." in done.content.decode()
    for message in (rude, ruder, fine):
        message.refresh_from_db()
    assert (rude.text, ruder.text, fine.text) == ("", "", "harmless")
    assert str(rude.recalled_by) == "olga"
    assert kinds(group)[-2:] == ["message.recalled", "message.recalled"]
    assert "rude" not in "".join(Event.objects.filter(channel=group.pk).values_list("body", flat=True))


def test_a_second_recall_changes_nothing(operator: Client, bob: User, group: Channel) -> None:
    rude = say(bob, group, "rude")
    for _ in range(2):
        response = tick(operator, MESSAGES, "recall_selected", rude, confirmed="recall")
    assert "that is so already" in response.content.decode()
    assert kinds(group).count("message.recalled") == 1
    assert LogEntry.objects.filter(object_id=str(rude.pk)).count() == 1


def test_a_recalled_message_can_be_recalled_no_more(operator: Client, bob: User, group: Channel) -> None:
    rude = say(bob, group, "rude")
    page = f"{MESSAGES}{rude.pk}/"
    assert f'href="{page}recall/"' in operator.get(f"{page}change/").content.decode()
    asked = operator.get(f"{page}recall/")
    assert "deleted for good" in asked.content.decode()
    response = operator.post(f"{page}recall/", {"confirmed": "recall"}, follow=True)
    assert response.redirect_chain == [("../change/", 302)]
    html = response.content.decode()
    assert "1 recalled." in html and f'href="{page}recall/"' not in html and "by olga" in html
    assert kinds(group).count("message.recalled") == 1


def test_asking_is_not_doing(operator: Client, bob: User, group: Channel) -> None:
    """A link that somebody is lured to, or a form without the confirmation, changes nothing."""
    rude = say(bob, group, "rude")
    operator.get(f"{MESSAGES}{rude.pk}/recall/?confirmed=recall")
    operator.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "close"})
    operator.get(f"{CHANNELS}{group.pk}/close/?confirmed=close")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    rude.refresh_from_db()
    group.refresh_from_db()
    assert rude.recalled_at is None and not group.closed


def test_what_was_not_ticked_stays_whatever_the_form_says(operator: Client, bob: User, group: Channel) -> None:
    first, second = say(bob, group, "one"), say(bob, group, "two")
    tick(operator, MESSAGES, "recall_selected", first, select_across=1, confirmed="recall")
    second.refresh_from_db()
    assert second.recalled_at is None


def test_olga_closes_and_reopens_a_channel(operator: Client, bob: User, group: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/"
    assert "Nothing more can be said" in operator.get(f"{page}close/").content.decode()
    assert "1 closed." in operator.post(f"{page}close/", {"confirmed": "close"}, follow=True).content.decode()
    group.refresh_from_db()
    assert group.closed
    html = operator.get(f"{page}change/").content.decode()
    assert f'href="{page}reopen/"' in html and f'href="{page}close/"' not in html

    assert "1 reopened." in tick(operator, CHANNELS, "reopen_selected", group, confirmed="reopen").content.decode()
    group.refresh_from_db()
    assert not group.closed
    notes = [json.loads(body)["note"] for body in Event.objects.order_by("position").values_list("body", flat=True)]
    assert notes == ["created", "closed", "reopened"]


def test_closing_twice_is_told_once(operator: Client, group: Channel) -> None:
    for _ in range(2):
        tick(operator, CHANNELS, "close_selected", group, confirmed="close")
    assert kinds(group) == ["channel.note", "channel.note"]


def test_the_right_to_close_is_not_the_right_to_recall(alice: User, group: Channel) -> None:
    message, client = say(alice, group, "hello"), staff("change_channel", "view_message")
    assert client.post(f"{MESSAGES}{message.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    assert client.post(f"{CHANNELS}{group.pk}/close/", {"confirmed": "close"}).status_code == 302
    group.refresh_from_db()
    assert group.closed


def test_no_form_changes_a_row(operator: Client, alice: User, bob: User, group: Channel) -> None:
    message = say(alice, group, "hello")
    before = everything()
    stay = Membership.objects.filter(user=bob).get()
    members = {"-TOTAL_FORMS": 2, "-INITIAL_FORMS": 2, "-0-id": stay.pk, "-0-role": "owner", "-0-DELETE": "on"}
    members = {f"memberships{name}": value for name, value in members.items()}
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"{CHANNELS}{group.pk}/change/", {"name": "Mine", "closed": "on", "last_seq": 0, **members}),
        (f"{MESSAGES}{message.pk}/change/", {"text": "other", "sender": bob.pk, "seq": 7}),
        (f"{CHANNELS}add/", {"kind": "public", "name": "New"}),
        (f"{MESSAGES}add/", {"text": "new"}),
        (f"{CHANNELS}{group.pk}/delete/", {"post": "yes"}),
        (f"{MESSAGES}{message.pk}/delete/", {"post": "yes"}),
    ]
    for url, data in posts:
        assert operator.post(url, data).status_code == 403, url
    for url, row in ((CHANNELS, group), (MESSAGES, message)):
        tick(operator, url, "delete_selected", row, post="yes")
        operator.post(url, {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "_save": "Save"})
    for model in ("membership", "messagekey", "readmark"):
        assert operator.get(f"/admin/chat/{model}/").status_code == 404
    assert everything() == before


def everything() -> list[Any]:
    """All rows of chat and all events, as values."""
    return [list(model.objects.order_by("pk").values()) for model in (Channel, Membership, Message, Event)]


# -- what people typed ------------------------------------------------------------------------------------------------


def test_script_in_what_people_typed_is_shown_as_text(operator: Client, alice: User) -> None:
    """TRAPS, attack 7, on each page that shows a message, a nickname, a guest's name or a channel's name."""
    eve = person_register(username="eve", nickname=SCRIPT, password="a good password")
    named = channel_create_group(creator=eve, name=SCRIPT, members=["alice"])
    unnamed = channel_create_group(creator=eve, members=["alice"])
    room = channel_create_global(app=app_create(number=101, name=SCRIPT))
    guest = guest_create(name="<img src=x onerror>")
    messages = [say(eve, named, SCRIPT), say(eve, unnamed, f"{SCRIPT}\n{{{{ 7*7 }}}}"), say(guest, room, SCRIPT)]
    message_edit(user=eve, channel_id=named.pk, message_id=messages[0].pk, text=f"{SCRIPT}!", app=None)
    pages = [CHANNELS, MESSAGES, f"{MESSAGES}?q=%3Cscript%3E", f"{CHANNELS}?q=%3Cscript%3Ealert(1)"]
    pages += [f"{CHANNELS}{channel.pk}/{page}/" for channel in (named, unnamed, room) for page in ("change", "close")]
    pages += [f"{MESSAGES}{message.pk}/{page}/" for message in messages for page in ("change", "recall")]
    for page in pages:
        html = operator.get(page).content.decode()
        assert "&lt;script&gt;" in html or "&lt;img" in html, page
        assert "<script>" not in html and "<img src=x" not in html, page
    # After an action: what is told of it, the page's history, and the first page's list of what was done.
    tick(operator, CHANNELS, "close_selected", named, room, confirmed="close")
    tick(operator, MESSAGES, "recall_selected", *messages, confirmed="recall")
    for page in ("/admin/", f"{CHANNELS}{named.pk}/history/", f"{MESSAGES}{messages[0].pk}/change/"):
        html = operator.get(page).content.decode()
        assert "<script>" not in html and "<img src=x" not in html, page


def test_a_page_that_shows_user_text_may_not_run_inline_script(operator: Client, group: Channel) -> None:
    policy = operator.get(f"{CHANNELS}{group.pk}/change/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy and "object-src 'none'" in policy


# -- the first page ---------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(db: None) -> Iterator[Hub]:
    """A hub on a loop of its own thread, as the server has it; it follows no log."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Hub()
    made.loop = loop
    publish.open_door(made)
    yield made
    publish.open_door(None)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_the_first_page_says_when_no_node_runs_here(operator: Client, db: None) -> None:
    html = operator.get("/admin/").content.decode()
    assert "No node runs in this process" in html and "Not known" in html


def test_the_first_page_shows_who_is_online(operator: Client, hub: Hub, room: Channel, alice: User, bob: User) -> None:
    for app, person in ((101, alice), (101, alice), (101, bob), (102, bob)):
        hub.presence.connect(person.pk, f"{SCRIPT}{person.nickname}", app)
    app_create(number=102, name="iOS")
    say(alice, room, "hello")
    html = operator.get("/admin/").content.decode()
    assert '<span data-testid="online">2</span>' in html and "101 Web: 2" in html and "102 iOS: 1" in html
    assert '<span data-testid="today">1</span>' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;Alice</a>" in html and "<script>alert" not in html
    assert "errornote" not in html

    plain = staff().get("/admin/").content.decode()
    assert '<span data-testid="online">2</span>' in plain and "Alice" not in plain


def test_the_first_page_tells_of_a_delivery_that_lags(
    operator: Client, hub: Hub, alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.admin.overview.LAG", 2)
    for text in ("one", "two", "three"):
        say(alice, group, text)
    assert "Delivery is 4 events behind" in operator.get("/admin/").content.decode()


def test_the_first_page_tells_of_a_loop_that_hangs(
    operator: Client, hub: Hub, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.loop is not None
    release = threading.Event()
    hub.loop.call_soon_threadsafe(release.wait)
    monkeypatch.setattr("chat.admin.overview.LOOP_PATIENCE", 0.05)
    try:
        assert "event loop has not answered" in operator.get("/admin/").content.decode()
    finally:
        release.set()


def test_the_days_messages_are_counted_only_so_far(
    operator: Client, alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "three"):
        say(alice, group, text)
    Message.objects.filter(text="one").update(time=0)
    assert '<span data-testid="today">2</span>' in operator.get("/admin/").content.decode()
    for module in (reads, __import__("chat.admin.overview", fromlist=["COUNTED"])):
        monkeypatch.setattr(module, "COUNTED", 2)
    assert '<span data-testid="today">2 or more</span>' in operator.get("/admin/").content.decode()
