"""Drops cached look-ups when what they say has changed.

In the process that makes a change, Django's signals tell of it; the caches are dropped right after its commit, before
the change is confirmed to anyone. Other nodes are told of revoked credentials by the event log. Changes that reach
neither are seen when the cached values expire (`delivery.db.lookup_cache.MAX_AGE_SECONDS`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from knox.models import AuthToken

from accounts.caches.callers import forget_caller, forget_callers
from accounts.caches.directory import forget_apps, forget_user
from accounts.models import App, Service, User
from delivery.hub.revocations import revocation_listeners
from delivery.log import Entry

_WITHOUT_RIGHTS = frozenset({"last_login"})
"""Fields of a user that no look-up contains."""


def connect() -> None:
    """Listen to changes of users, tokens, permissions and apps. Called once, at start."""
    for model in (User, Service):
        post_save.connect(_user_saved, sender=model)
    for signal in (post_save, post_delete):
        signal.connect(_token_changed, sender=AuthToken)
        signal.connect(_rights_changed, sender=Group)
        signal.connect(_rights_changed, sender=Permission)
        signal.connect(_app_changed, sender=App)
    for relation in (User.user_permissions, User.groups, Group.permissions):
        m2m_changed.connect(_rights_changed, sender=relation.through)
    revocation_listeners.append(_revoked)


def _user_saved(sender: object, instance: User, created: bool, update_fields: Any = None, **_: Any) -> None:
    if update_fields is not None and _WITHOUT_RIGHTS.issuperset(update_fields):
        return
    user_id, username_key = instance.pk, instance.username_key
    transaction.on_commit(lambda: forget_user(user_id, username_key))
    if not created:
        transaction.on_commit(forget_callers)


def _token_changed(sender: object, instance: AuthToken, **_: Any) -> None:
    digest = instance.digest
    transaction.on_commit(lambda: forget_caller(digest))


def _rights_changed(sender: object, **_: Any) -> None:
    transaction.on_commit(forget_callers)


def _app_changed(sender: object, **_: Any) -> None:
    transaction.on_commit(forget_apps)


def _revoked(entry: Entry) -> None:
    forget_callers()
    if "app" in entry.header["revoke"]:
        forget_apps()
