"""Users that an import takes over from another system."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password

from accounts.actions.user_persistence import clean_email, insert_user
from accounts.errors import BadEmail, EmailTaken, NameTaken
from accounts.joiners import cut
from accounts.models import User
from accounts.names import (
    GUEST_PREFIX,
    USER_NAME_MAX_LENGTH,
    BadName,
    check_own_nickname,
    check_user_name,
    user_name_from,
)
from delivery.db.transactions import write

_SUFFIX_LENGTH = 8
_MAX_COUNTED = 100
"""Users of one name who get numbers in order. Later ones get a random number, so that each takes few attempts."""
_EMAIL_MAX_LENGTH = 254
_FALLBACK = "imported"


def imported_user_create(*, name: str, nickname: str, email: str, kind: str, active: bool) -> User:
    """Create a user without a password, who signs in by a password reset or a provider.

    A name that is taken gets a number, and one that is not valid here is changed. An address that another user has, or
    that is not valid, is left out. A guest cannot return, and is inactive.
    """
    wanted = _valid_user_name(name) or _valid_user_name(nickname) or _FALLBACK
    user = User(
        username=GUEST_PREFIX + secrets.token_hex(10) if kind == User.Kind.GUEST else wanted,
        nickname=_valid_nickname(nickname) or _valid_nickname(name) or wanted,
        email=imported_email(email),
        kind=kind,
        is_active=active and kind != User.Kind.GUEST,
        password=make_password(None),
    )
    number = 1
    while True:
        try:
            with write():
                insert_user(user)
        except NameTaken:
            number = number + 1 if number < _MAX_COUNTED else secrets.randbelow(10 ** (_SUFFIX_LENGTH - 1))
            user.username = f"{wanted}-{number}"
        except EmailTaken:
            user.email = None
        else:
            return user


def _valid_user_name(text: str) -> str:
    """Return the user name that is most like the text; empty if there is none."""
    name = cut(user_name_from(text), USER_NAME_MAX_LENGTH - _SUFFIX_LENGTH).strip("._-")
    try:
        return check_user_name(name)
    except BadName:
        return ""


def _valid_nickname(text: str) -> str:
    name = cut(" ".join(text.split()), USER_NAME_MAX_LENGTH).strip()
    try:
        return check_own_nickname(name)
    except BadName:
        return ""


def imported_email(text: str) -> str | None:
    """Return the address as users have it; None if it is not valid."""
    try:
        email = clean_email(text.strip())
    except BadEmail:
        return None
    return email if email and len(email) <= _EMAIL_MAX_LENGTH else None
