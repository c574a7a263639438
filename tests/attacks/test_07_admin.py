"""Attacks 7 and 16 on operators: user text on every admin page, and names with invisible characters."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import app_create, guest_create, user_register
from accounts.models import User
from chat.actions.announcement import announcement_create
from chat.actions.channel import channel_create_group
from chat.actions.moderation import user_mute
from chat.actions.pin import message_pin
from chat.actions.report import message_report
from chat.models import Channel
from tests.support.admin_site import NODES, admin_paths, request_for
from tests.support.attachments import ready_attachment
from tests.support.in_process import say
from tests.support.operators import SCRIPT, admin_browser, send_message

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

IMAGE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def operator() -> Client:
    return admin_browser(User.objects.create_superuser("olga"))


@pytest.fixture
def rows() -> dict[str, int | str]:
    """Create rows with script in every name and text that users type."""
    eve = user_register(username="eve", nickname=SCRIPT, password="a good password", email="eve@evil.example")
    User.objects.filter(pk=eve.pk).update(status_text=SCRIPT)
    alice = user_register(username="alice", password="a good password")
    app = app_create(number=901, name=SCRIPT)
    guest_create(name="<img src=x onerror>")
    group = channel_create_group(creator=eve, name=SCRIPT, members=["alice"])
    rude = send_message(eve, group, f"{SCRIPT}{IMAGE} javascript:alert(1) {{{{ 7 }}}}")
    say(
        eve, group, IMAGE, attachments=(ready_attachment(eve, f"{SCRIPT}{IMAGE}", content_type=IMAGE).key,), type="file"
    )
    message_pin(user=eve, channel_id=group.pk, message_id=rude.pk)
    message_report(user=alice, channel_id=group.pk, message_id=rude.pk, reason=SCRIPT, app=None)
    user_mute(operator=eve, user_id=eve.pk, channel_id=group.pk, reason=IMAGE)
    announcement_create(by=alice, text=SCRIPT)
    return {"chat/channel": group.pk, "accounts/user": eve.pk, "accounts/app": app.pk}


def test_script_is_escaped_on_every_admin_page(operator: Client, rows: dict[str, int | str]) -> None:
    shown = 0
    for path in admin_paths():
        url = f"/{path}" if path == NODES else request_for(path, rows)[0]
        response = operator.get(url)
        if response.status_code != 200:
            continue
        html = response.content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html and 'href="javascript:' not in html, url
        assert "script-src 'self' 'unsafe-eval';" in response.headers["Content-Security-Policy"], url
        shown += "&lt;script&gt;alert" in html or "&lt;img src=x" in html
    assert shown >= 12, "the pages do show what was typed"


@pytest.mark.parametrize("name", ["al\u202eice", "zero\u200bwidth", "\u2066lri", "tab\there", "nul\0"])
def test_an_operator_cannot_set_a_name_with_invisible_characters(operator: Client, name: str) -> None:
    form = {"username": "carol", "nickname": name, "password1": "a good password", "password2": "a good password"}
    assert operator.post("/admin/accounts/user/add/", form).status_code == 200
    operator.post("/admin/accounts/app/add/", {"number": 902, "name": name})
    assert not User.objects.filter(username="carol").exists() and not Channel.objects.exists()


def test_message_content_is_not_rendered_as_markup_in_the_admin(operator: Client) -> None:
    """Attack 6: the admin names a picture or voice and does not show it, so its content never runs."""
    eve = user_register(username="eve", nickname="Eve", password="a good password")
    group = channel_create_group(creator=eve, name="Tea")
    row = send_message(eve, group, "x")
    type(row).objects.filter(pk=row.pk).update(type="image", text="PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+")
    for page in (
        "/admin/chat/message/",
        f"/admin/chat/message/{row.pk}/change/",
        f"/admin/chat/channel/{group.pk}/change/",
    ):
        html = operator.get(page).content.decode()
        assert "[image]" in html and "PHN2Zy" not in html, page
