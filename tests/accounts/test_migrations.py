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


def test_names_are_compared_without_joiners_after_the_migration(db: None) -> None:
    rows = [
        User(username=name, nickname=f"{name} 马", username_key=name, nickname_key=f"{name} 马")
        for name in ("علی‌رضا", "ali\u200cce", "alice", "bob")
    ]
    User.objects.bulk_create(rows)

    import_module("accounts.migrations.0009_name_keys").update_keys(apps, None)

    keys = dict(User.objects.values_list("username", "username_key"))
    # Another user has the key `alice`.
    assert keys == {"علی‌رضا": "علیرضا", "ali\u200cce": "ali\u200cce", "alice": "alice", "bob": "bob"}
    assert set(User.objects.values_list("nickname_key", flat=True)) == {"علیرضا 马", "alice 马", "bob 马"}
    assert user_search("علیرضا ma") == [User.objects.get(username="علی‌رضا")]
