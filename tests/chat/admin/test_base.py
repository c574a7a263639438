"""Every admin page of chat checks permissions, edits no rows directly, and costs a fixed number of queries."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import app_create, guest_create, user_register
from accounts.models import User
from chat.actions.channel import channel_create_global, channel_create_group, channel_create_private
from chat.actions.member import member_invite
from chat.actions.message import message_edit
from chat.models import Channel, Membership, Message
from delivery.models import Event
from tests.support.operators import (
    CHANNELS,
    MESSAGES,
    SCRIPT,
    admin_browser,
    run_admin_action,
    send_message,
    staff_browser,
)

pytestmark = pytest.mark.slow


def test_every_page_opens_for_a_superuser(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    message = send_message(alice, group, "hello")
    pages = ["/admin/", CHANNELS, MESSAGES, "/admin/chat/", "/admin/search/?s=chan&extended"]
    pages += [f"{CHANNELS}{channel.pk}/{page}/" for channel in (group, room, private) for page in ("change", "history")]
    pages += [f"{MESSAGES}{message.pk}/{page}/" for page in ("change", "history", "recall")]
    pages += [f"{CHANNELS}{group.pk}/close/", f"{CHANNELS}?kind__exact=public&closed__exact=0", f"{MESSAGES}?p=2"]
    assert {page: operator.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_a_missing_object_redirects_to_the_first_page(operator: Client, db: None) -> None:
    for page in (f"{CHANNELS}999/change/", f"{MESSAGES}x/change/", f"{MESSAGES}999/recall/", f"{CHANNELS}x/close/"):
        response = operator.get(page)
        assert (response.status_code, response.headers["Location"]) == (302, "/admin/"), page


def test_staff_without_rights_are_refused(group: Channel, alice: User) -> None:
    message, client = send_message(alice, group, "hello"), staff_browser()
    for page in (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/", f"{MESSAGES}{message.pk}/change/",
                 f"{CHANNELS}{group.pk}/close/", f"{MESSAGES}{message.pk}/recall/"):  # fmt: skip
        assert client.get(page).status_code == 403, page
        assert client.post(page, {"confirmed": "close"}).status_code == 403, page


def test_a_user_without_staff_status_is_redirected_to_sign_in(alice: User) -> None:
    response = admin_browser(alice).get(CHANNELS)
    assert response.status_code == 302 and response.headers["Location"].startswith("/admin/login/")


def test_a_viewer_sees_no_actions(group: Channel, alice: User) -> None:
    message, client = (
        send_message(alice, group, "hello"),
        staff_browser("view_channel", "view_message", "view_membership"),
    )
    for page in (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/", f"{MESSAGES}{message.pk}/change/"):
        html = client.get(page).content.decode()
        assert "_selected" not in html and "/close/" not in html and "/recall/" not in html, page
    assert client.post(f"{MESSAGES}{message.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    run_admin_action(client, MESSAGES, "recall_selected", message, confirmed="recall")
    message.refresh_from_db()
    assert message.recalled_at is None


def test_the_right_to_close_is_not_the_right_to_recall(alice: User, group: Channel) -> None:
    message, client = send_message(alice, group, "hello"), staff_browser("change_channel", "view_message")
    assert client.post(f"{MESSAGES}{message.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    assert client.post(f"{CHANNELS}{group.pk}/close/", {"confirmed": "close"}).status_code == 302
    group.refresh_from_db()
    assert group.closed


def test_a_request_without_confirmation_changes_nothing(operator: Client, bob: User, group: Channel) -> None:
    """A malicious link, or a form without the confirmation, changes nothing."""
    rude = send_message(bob, group, "rude")
    operator.get(f"{MESSAGES}{rude.pk}/recall/?confirmed=recall")
    operator.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "close"})
    operator.get(f"{CHANNELS}{group.pk}/close/?confirmed=close")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(f"{MESSAGES}{rude.pk}/recall/", {"confirmed": "recall"}).status_code == 403
    rude.refresh_from_db()
    group.refresh_from_db()
    assert rude.recalled_at is None and not group.closed


def test_only_selected_rows_are_changed(operator: Client, bob: User, group: Channel) -> None:
    first, second = send_message(bob, group, "one"), send_message(bob, group, "two")
    run_admin_action(operator, MESSAGES, "recall_selected", first, select_across=1, confirmed="recall")
    second.refresh_from_db()
    assert second.recalled_at is None


def test_no_form_changes_a_row(operator: Client, alice: User, bob: User, group: Channel) -> None:
    message = send_message(alice, group, "hello")
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
        run_admin_action(operator, url, "delete_selected", row, post="yes")
        operator.post(url, {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "_save": "Save"})
    for model in ("membership", "messagekey", "readmark"):
        assert operator.get(f"/admin/chat/{model}/").status_code == 404
    assert everything() == before


def everything() -> list[Any]:
    """Return all rows of chat and all events, as values."""
    return [list(model.objects.order_by("pk").values()) for model in (Channel, Membership, Message, Event)]


def test_script_in_user_text_is_escaped(operator: Client, alice: User) -> None:
    """The script is stored in messages, nicknames, guest names and channel names, and shown on every page."""
    eve = user_register(username="eve", nickname=SCRIPT, password="a good password")
    named = channel_create_group(creator=eve, name=SCRIPT, members=["alice"])
    unnamed = channel_create_group(creator=eve, members=["alice"])
    room = channel_create_global(app=app_create(number=101, name=SCRIPT))
    guest = guest_create(name="<img src=x onerror>")
    messages = [
        send_message(eve, named, SCRIPT),
        send_message(eve, unnamed, f"{SCRIPT}\n{{{{ 7*7 }}}}"),
        send_message(guest, room, SCRIPT),
    ]
    message_edit(user=eve, channel_id=named.pk, message_id=messages[0].pk, text=f"{SCRIPT}!", app=None)
    pages = [CHANNELS, MESSAGES, f"{MESSAGES}?q=%3Cscript%3E", f"{CHANNELS}?q=%3Cscript%3Ealert(1)"]
    pages += [f"{CHANNELS}{channel.pk}/{page}/" for channel in (named, unnamed, room) for page in ("change", "close")]
    pages += [f"{MESSAGES}{message.pk}/{page}/" for message in messages for page in ("change", "recall")]
    for page in pages:
        html = operator.get(page).content.decode()
        assert "&lt;script&gt;" in html or "&lt;img" in html, page
        assert "<script>" not in html and "<img src=x" not in html, page
    # After an action: its message, the page's history, and the list of recent actions on the first page.
    run_admin_action(operator, CHANNELS, "close_selected", named, room, confirmed="close")
    run_admin_action(operator, MESSAGES, "recall_selected", *messages, confirmed="recall")
    for page in ("/admin/", f"{CHANNELS}{named.pk}/history/", f"{MESSAGES}{messages[0].pk}/change/"):
        html = operator.get(page).content.decode()
        assert "<script>" not in html and "<img src=x" not in html, page


def test_a_page_that_shows_user_text_may_not_run_inline_script(operator: Client, group: Channel) -> None:
    policy = operator.get(f"{CHANNELS}{group.pk}/change/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy and "object-src 'none'" in policy


def test_no_page_shows_an_uncounted_number_of_rows(operator: Client, group: Channel, alice: User) -> None:
    send_message(alice, group, "hello")
    for page in (CHANNELS, MESSAGES, f"{MESSAGES}?q=hello"):
        assert not re.search(r"\d+\s+results|\bof \d{4}", operator.get(page).content.decode()), page


def test_lists_cost_a_fixed_number_of_queries(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(url).status_code == 200
        return len(queries)

    send_message(alice, group, "hello")
    pages = (CHANNELS, MESSAGES, f"{CHANNELS}{group.pk}/change/")
    send_message(alice, channel_create_private(creator=alice, other=bob)[0], "hi")
    for page in pages:
        # A query that runs once in the life of a process does not depend on rows.
        cost(page)
    few = [cost(page) for page in pages]
    for number in range(20):
        person = user_register(username=f"p{number}", nickname=f"P{number}", password="a good password")
        member_invite(user=alice, channel_id=group.pk, names=[person.username])
        private, _ = channel_create_private(creator=alice, other=person)
        send_message(person, private, "hi")
    assert [cost(page) for page in pages] == few
    assert max(few[:2]) <= 12 and few[2] <= 18
