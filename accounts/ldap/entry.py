"""The entry of a user in the directory. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A user of the directory. Only `subject` identifies the user; every other field may change or be reused."""

    dn: str
    subject: str
    """The value of IM_LDAP_ID_ATTRIBUTE as text; bytes that are no text are in hexadecimal after 0x."""
    username: str
    name: str = ""
    email: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)
    """The comparable DNs of the groups that have the user as a member."""
    sign_in_names: frozenset[str] = field(default_factory=frozenset)
    """All user names and email addresses of the entry."""


def subject_text(value: bytes) -> str:
    """Return the subject of a value of IM_LDAP_ID_ATTRIBUTE."""
    text = value.decode("ascii", "replace")
    return text if value.isascii() and text.isprintable() and not text.startswith("0x") else f"0x{value.hex()}"


def subject_bytes(subject: str) -> bytes:
    """Return the value of IM_LDAP_ID_ATTRIBUTE that has this subject."""
    return bytes.fromhex(subject[2:]) if subject.startswith("0x") else subject.encode()
