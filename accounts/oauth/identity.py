"""Who somebody is at another site, as that site says it. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from accounts.names import USER_NAME_LIMIT, BadName, check_own_nickname, check_user_name

_LONGEST_SUGGESTION = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """A subject of a provider. Only `provider` and `subject` say who it is; all else may change or be anybody's."""

    provider: str
    subject: str
    subject_key: str
    """What the provider calls that field."""
    name: str = ""
    """What the person is shown as there."""
    handle: str = ""
    """Their user name there, where the provider has one."""
    email: str = ""
    """An address that the provider says is theirs and has confirmed; else empty."""
    email_unconfirmed: bool = False
    """Whether the provider named an address that it has not confirmed."""
    picture: str = ""
    """Where their picture is."""

    def stored(self) -> dict[str, Any]:
        """For a browser session."""
        return asdict(self)


def suggested_user_name(identity: Identity) -> str:
    """A user name made of what the provider says; empty if nothing of it can be one."""
    for given in (identity.handle, identity.name):
        made = re.sub(r"[^\w.-]+", ".", given).strip("._-")[:_LONGEST_SUGGESTION].strip("._-")
        try:
            return check_user_name(made)
        except BadName:
            continue
    return ""


def suggested_nickname(identity: Identity) -> str:
    """What to show the person as; empty if nothing of it may be shown."""
    for given in (identity.name, identity.handle):
        try:
            return check_own_nickname(" ".join(given.split())[:USER_NAME_LIMIT].strip())
        except BadName:
            continue
    return ""
