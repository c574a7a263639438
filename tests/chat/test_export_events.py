"""The user's export contains what events say about the user: each kind names the file, or why there is none."""

from __future__ import annotations

import pytest

from accounts.actions import user_register
from chat.wire.schema.events import EVENTS
from tests.support.export import unpacked_export


def test_every_kind_names_its_file_or_a_reason() -> None:
    assert [name for name, kind in EVENTS.items() if bool(kind.exported_in) == bool(kind.not_exported)] == []


@pytest.mark.django_db
def test_the_files_exist() -> None:
    files = unpacked_export(user_register(username="alice", nickname="Alice", password="a good password"))
    assert {kind.exported_in for kind in EVENTS.values() if kind.exported_in} <= set(files)
