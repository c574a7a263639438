"""Parses the settings about groups of the directory."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

USERNAME = "{username}"
DN = "{dn}"
STAFF, SUPERUSER = "staff", "superuser"
"""Names in IM_LDAP_GROUP_MAP that are no groups of the admin."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A group of the directory, and what its members are here."""

    dn: str
    role: str


def required_groups() -> list[str]:
    """Return the DNs of IM_LDAP_REQUIRE_GROUP."""
    return _split(settings.IM_LDAP_REQUIRE_GROUP)


def group_rules() -> list[GroupRule]:
    """Return the rules of IM_LDAP_GROUP_MAP. Raises ValueError for one without a role."""
    rules = []
    for entry in _split(settings.IM_LDAP_GROUP_MAP):
        dn, separator, role = entry.rpartition(":")
        if not (separator and dn.strip() and role.strip()):
            raise ValueError(entry)
        rules.append(GroupRule(dn.strip(), role.strip()))
    return rules


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
