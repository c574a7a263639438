"""Creating an app creates its global channel."""

from __future__ import annotations

from accounts.actions import app_create
from chat.selectors import global_channel


def test_an_app_comes_with_its_global_channel(db: None) -> None:
    app = app_create(number=901, name="Kiosk")
    room = global_channel(app)
    assert (room.kind, room.name) == ("global", "Kiosk")
