"""Names from before today's rules stay while something else is changed; only a new name is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import (
    app_create,
    app_update,
    external_user_upsert,
    profile_update,
    service_create,
    service_rename,
    user_rename,
    user_update,
)
from accounts.actions.external_users import ExternalUserData
from accounts.errors import AccountError
from accounts.models import App, User
from chat.actions.channel import channel_create_group, channel_rename
from chat.errors import ChatError
from chat.models import Channel
from tests.support.operators import admin_browser

OLD = "ali\u200bce"
NEW = "ali\u2060ce"
KEPT = {"language": "", "time_zone": "", "shares_read": True, "shares_presence": True}


@pytest.fixture
def old(alice: User) -> User:
    User.objects.filter(pk=alice.pk).update(nickname=OLD, status_text=OLD, phone_number=OLD)
    return User.objects.get(pk=alice.pk)


def test_a_user_changes_the_status_and_keeps_an_old_nickname(old: User) -> None:
    assert profile_update(user_id=old.pk, nickname=OLD, status_text="at work", **KEPT).status_text == "at work"


def test_a_user_changes_the_nickname_and_keeps_an_old_status(old: User) -> None:
    assert profile_update(user_id=old.pk, nickname="Alice", status_text=OLD, **KEPT).status_text == OLD


def test_an_operator_changes_the_address_and_keeps_old_names(old: User) -> None:
    changed = user_update(user_id=old.pk, nickname=OLD, phone_number=OLD, email="alice@example.org")
    assert (changed.nickname, changed.phone_number, changed.email) == (OLD, OLD, "alice@example.org")


def test_the_admin_form_keeps_an_old_nickname(old: User) -> None:
    browser = admin_browser(User.objects.create_superuser("olga"))
    form = {"nickname": OLD, "phone_number": OLD, "email": "alice@example.org"}
    page = browser.post(f"/admin/accounts/user/{old.pk}/change/", form)
    assert page.status_code == 302, page.content.decode()
    old.refresh_from_db()
    assert (old.nickname, old.email) == (OLD, "alice@example.org")


def test_other_systems_keep_an_old_nickname(old: User) -> None:
    assert user_rename(user_id=old.pk, nickname=OLD).nickname == OLD
    shop = service_create(username="shop")
    customer = external_user_upsert(service=shop, data=ExternalUserData("c-1", "Customer")).user
    User.objects.filter(pk__in=(shop.pk, customer.pk)).update(nickname=OLD)
    assert service_rename(service_id=shop.pk, nickname=OLD).nickname == OLD
    assert external_user_upsert(service=shop, data=ExternalUserData("c-1", OLD)).user.nickname == OLD


def test_an_app_is_disabled_and_keeps_an_old_name(db: None) -> None:
    app_create(number=901, name="Web")
    App.objects.filter(number=901).update(name=OLD)
    assert not app_update(number=901, name=OLD, guests_allowed=True, enabled=False).enabled


def test_a_group_keeps_an_old_name(alice: User) -> None:
    group = channel_create_group(creator=alice, name="Painters")
    Channel.objects.filter(pk=group.pk).update(name=OLD)
    assert channel_rename(user=alice, channel_id=group.pk, name=OLD).channel.name == OLD
    with pytest.raises(ChatError):
        channel_rename(user=alice, channel_id=group.pk, name=NEW)


@pytest.mark.parametrize(
    "change",
    [
        lambda pk: profile_update(user_id=pk, nickname=NEW, status_text=OLD, **KEPT),
        lambda pk: profile_update(user_id=pk, nickname=OLD, status_text=NEW, **KEPT),
        lambda pk: user_update(user_id=pk, nickname=NEW, phone_number=OLD, email=None),
        lambda pk: user_update(user_id=pk, nickname=OLD, phone_number=NEW, email=None),
        lambda pk: user_rename(user_id=pk, nickname=NEW),
    ],
)
def test_a_new_name_is_checked(change: Callable[[int], Any], old: User) -> None:
    with pytest.raises(AccountError):
        change(old.pk)
    unchanged = User.objects.get(pk=old.pk)
    assert (unchanged.nickname, unchanged.status_text, unchanged.phone_number) == (OLD, OLD, OLD)
