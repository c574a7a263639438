"""The identity of a user at an OAuth provider, as the provider states it. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from accounts.joiners import cut
from accounts.names import USER_NAME_MAX_LENGTH, BadName, check_own_nickname, check_user_name, user_name_from

_SUGGESTION_MAX_LENGTH = 32
_READ_LENGTH = 200
"""Characters of a provider's name that a suggestion is made from."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of a provider. Only `provider` and `subject` identify the user; every other field may change or repeat."""

    provider: str
    subject: str
    subject_key: str
    """The provider's name for the field that holds the subject."""
    name: str = ""
    """The display name at the provider."""
    handle: str = ""
    """The user name at the provider, if it has user names."""
    email: str = ""
    """An address that the provider has verified; empty otherwise."""
    email_unconfirmed: bool = False
    """True if the provider gave an address that it has not verified."""
    picture: str = ""
    """URL of the user's picture."""

    def to_session(self) -> dict[str, Any]:
        """Return the identity in a form that a browser session can store."""
        return asdict(self)


def suggested_user_name(identity: Identity) -> str:
    """Return a valid user name made from the handle or the name; empty if neither yields one."""
    for source in (identity.handle, identity.name):
        candidate = cut(user_name_from(source[:_READ_LENGTH]).strip("._-"), _SUGGESTION_MAX_LENGTH).strip("._-")
        try:
            return check_user_name(candidate)
        except BadName:
            continue
    return ""


def suggested_nickname(identity: Identity) -> str:
    """Return a valid nickname made from the name or the handle; empty if neither yields one."""
    for source in (identity.name, identity.handle):
        try:
            return check_own_nickname(cut(" ".join(source.split()), USER_NAME_MAX_LENGTH).strip())
        except BadName:
            continue
    return ""
