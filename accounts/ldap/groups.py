"""Decides by the groups of an entry who may sign in, and gives the roles here."""

from __future__ import annotations

from accounts.ldap.config import group_rules, required_groups
from accounts.ldap.directory import comparable_dn
from accounts.ldap.entry import Entry


def is_permitted(entry: Entry) -> bool:
    """Return whether IM_LDAP_REQUIRE_GROUP lets the user sign in."""
    required = required_groups()
    return not required or any(comparable_dn(dn) in entry.groups for dn in required)


def roles_of(entry: Entry) -> dict[str, bool]:
    """Return each role of IM_LDAP_GROUP_MAP, and whether the user has it."""
    roles: dict[str, bool] = {}
    for rule in group_rules():
        roles[rule.role] = roles.get(rule.role, False) or comparable_dn(rule.dn) in entry.groups
    return roles
