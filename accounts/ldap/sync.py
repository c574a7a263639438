"""Brings the accounts of the directory up to date, and deactivates those that it does not have any more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.actions.ldap_users import ldap_user_deactivate, ldap_user_update
from accounts.errors import LastAdministrator
from accounts.ldap.directory import directory
from accounts.ldap.entry import Entry
from accounts.ldap.groups import is_permitted, roles_of
from accounts.selectors.sign_in_methods import LdapAccount, ldap_accounts

logger = logging.getLogger(__name__)

_BATCH = 50
"""Entries per search. Servers limit the length of a filter, and the number of results to 500 or 1,000."""
_ALWAYS_BELIEVED = 5
_BELIEVED_PART = 0.2
"""Part of the accounts, above `_ALWAYS_BELIEVED` of them, that may be gone at once.

More are rather a changed setting, or rights that the site has lost in the directory.
"""


@dataclass(slots=True)
class SyncResult:
    """The names of accounts that were, or would be, deactivated, and the number of those that were found."""

    found: int = 0
    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """The last administrator, who stays active."""
    is_refused: bool = False
    """True if so many are gone that none was deactivated."""


def sync(*, is_dry_run: bool = False, is_forced: bool = False) -> SyncResult:
    """Look up each account of the directory there. Update those that are found, and deactivate the others.

    The whole directory is read before an account is deactivated, so an outage deactivates none. Raises
    LdapUnavailable.
    """
    accounts = ldap_accounts()
    entries = _permitted_entries([account.subject for account in accounts])
    result = SyncResult(found=sum(account.subject in entries for account in accounts))
    missing = [account for account in accounts if account.subject not in entries and account.is_active]
    active = sum(account.is_active for account in accounts)
    result.gone = [account.username for account in missing]
    result.is_refused = not is_forced and len(missing) > max(_ALWAYS_BELIEVED, active * _BELIEVED_PART)
    if result.is_refused:
        logger.error("ldap_sync_refused", extra={"gone": len(missing), "accounts": active})
    if is_dry_run or result.is_refused:
        return result
    for account in accounts:
        entry = entries.get(account.subject)
        if entry is not None:
            ldap_user_update(entry, user_id=account.user_id, roles=roles_of(entry))
    for account in missing:
        _deactivate(account, result)
    return result


def _deactivate(account: LdapAccount, result: SyncResult) -> None:
    try:
        ldap_user_deactivate(user_id=account.user_id)
    except LastAdministrator:
        logger.error("ldap_last_administrator", extra={"user": account.user_id})
        result.gone.remove(account.username)
        result.kept.append(account.username)
    else:
        logger.info("ldap_user_gone", extra={"user": account.user_id})


def _permitted_entries(subjects: list[str]) -> dict[str, Entry]:
    """Return the entries with these subjects that may sign in, by subject."""
    found: dict[str, Entry] = {}
    if subjects:
        with directory() as connection:
            for some in _batches(subjects):
                found |= connection.by_subjects(some)
    return {subject: entry for subject, entry in found.items() if is_permitted(entry)}


def _batches(subjects: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(subjects), _BATCH):
        yield subjects[start : start + _BATCH]
