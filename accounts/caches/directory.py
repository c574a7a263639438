"""Apps, accounts by name, and users who hide their presence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from accounts.models import App
from accounts.names import is_storable, name_key
from accounts.selectors.contacts import users_hiding_presence
from accounts.selectors.users import AccountPresence, account_presence_by_keys, apps_enabled
from delivery.db.lookup_cache import LookupCache

_MAX_NAMES = 100_000
_MAX_USERS = 200_000
_ALL = 0
"""The only key of the cache of apps, which are few."""


def _load_apps(_: Collection[int]) -> dict[int, dict[int, App]]:
    return {_ALL: {app.number: app for app in apps_enabled()}}


def _load_hiding(user_ids: Collection[int]) -> dict[int, bool]:
    return dict.fromkeys(users_hiding_presence(user_ids), True)


_apps: LookupCache[int, dict[int, App]] = LookupCache(_load_apps, max_keys=1)
_accounts: LookupCache[str, AccountPresence] = LookupCache(account_presence_by_keys, max_keys=_MAX_NAMES)
_hiding: LookupCache[int, bool] = LookupCache(_load_hiding, max_keys=_MAX_USERS)


async def enabled_apps() -> dict[int, App]:
    """Return the enabled apps by number, in order."""
    return await _apps.get(_ALL) or {}


async def account_by_name(name: str) -> AccountPresence | None:
    """Return the active account or service with this name; None if there is none."""
    return await _accounts.get(name_key(name)) if is_storable(name) else None


async def accounts_by_names(names: Iterable[str]) -> dict[str, AccountPresence]:
    """Return the active accounts and services with these names, keyed by the given spelling. Others are left out."""
    keys = {name: name_key(name) for name in names if is_storable(name)}
    found = await _accounts.get_many(set(keys.values()))
    return {name: found[key] for name, key in keys.items() if key in found}


async def hiding_presence(user_ids: Set[int]) -> Set[int]:
    """Return those of the users who hide their presence from everyone."""
    return (await _hiding.get_many(user_ids)).keys()


def forget_apps() -> None:
    """Look up the apps anew."""
    _apps.clear()


def forget_user(user_id: int, username_key: str) -> None:
    """Look up the user anew, who was created or changed."""
    _accounts.forget(username_key)
    _hiding.forget(user_id)
