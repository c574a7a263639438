"""Migrations convert existing rows."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps

from accounts.models import User
from accounts.names import name_key
from accounts.selectors.users import user_search


def test_existing_nicknames_can_be_found_by_pinyin_after_the_migration(db: None) -> None:
    nicknames = [f"马远{number}" for number in range(1001)] + ["Alice"]
    rows = [
        User(username=f"p{at}", nickname=name, username_key=f"p{at}", nickname_key=name_key(name))
        for at, name in enumerate(nicknames)
    ]
    User.objects.bulk_create(rows)
    assert user_search("mayuan") == []

    import_module("accounts.migrations.0004_nickname_sounds").fill(apps, None)

    assert not User.objects.filter(nickname__startswith="马", nickname_pinyin="").exists()
    assert [user.nickname for user in user_search("mayuan1000")] == ["马远1000"]
    assert User.objects.get(nickname="Alice").nickname_pinyin == ""
