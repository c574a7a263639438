"""Olga adds custom emoji with their pictures, and removes them."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat.models import Channel, CustomEmoji
from tests.support.operators import run_admin_action, staff_browser
from tests.support.pictures import picture

EMOJI = "/admin/chat/customemoji/"


def _add(operator: Client, name: str, content: bytes) -> Any:
    upload = SimpleUploadedFile("x.png", content, "image/png")
    return operator.post(f"{EMOJI}add/", {"name": name, "upload": upload}, follow=True)


def test_an_emoji_is_added_shown_and_removed(operator: Client, room: Channel) -> None:
    _add(operator, ":Shipped:", picture("PNG"))
    row = CustomEmoji.objects.get()
    assert (row.name, row.created_by.username, row.width) == ("shipped", "olga", 60)
    for page in (EMOJI, f"{EMOJI}{row.pk}/change/"):
        html = operator.get(page).content.decode()
        assert f'src="/custom-emoji/{row.sha256}.webp"' in html and ":shipped:" in html
    run_admin_action(operator, EMOJI, "remove_selected", row, confirmed="remove")
    assert not CustomEmoji.objects.exists() and LogEntry.objects.count() == 2


def test_refusals_are_shown_in_the_form(operator: Client, room: Channel) -> None:
    assert "A standard emoji has the name tada." in _add(operator, "tada", picture("PNG")).content.decode()
    assert "This picture cannot be used." in _add(operator, "shipped", b"<svg/>").content.decode()
    assert not CustomEmoji.objects.exists()


def test_adding_needs_the_permission(room: Channel) -> None:
    assert _add(staff_browser("view_customemoji"), "shipped", picture("PNG")).status_code == 403
