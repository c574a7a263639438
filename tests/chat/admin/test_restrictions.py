"""Mutes and bans in the admin: a row leads to its own page, and from there back to the filtered list."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from accounts.models import User
from chat.actions.moderation import user_ban, user_mute

RESTRICTIONS = "/admin/chat/restriction/"


def test_the_filters_of_the_list_are_kept_on_the_way_to_a_row_and_back(
    operator: Client, alice: User, bob: User
) -> None:
    user_mute(operator=alice, user_id=bob.pk, reason="Loud")
    user_ban(operator=alice, user_id=bob.pk)
    html = operator.get(RESTRICTIONS, {"kind__exact": "mute", "q": "bob"}).content.decode()
    (row,) = re.findall(rf'href="({RESTRICTIONS}\d+/change/[^"]*)"', html)
    page = operator.get(unescape(row))
    assert page.status_code == 200 and "Loud" in page.content.decode()
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page.content.decode())}
    assert f"{RESTRICTIONS}?kind__exact=mute&q=bob" in links


def test_a_page_of_rows_does_not_pretend_to_count_them(operator: Client, alice: User, bob: User) -> None:
    user_mute(operator=alice, user_id=bob.pk)
    for path in (RESTRICTIONS, "/admin/accounts/user/", "/admin/chat/message/", "/admin/chat/channel/"):
        page = operator.get(path)
        shown = len(page.context["cl"].result_list)
        assert "50000" not in page.content.decode(), path
        assert page.context["selection_note_all"] in (f"{shown} selected", f"All {shown} selected"), path
