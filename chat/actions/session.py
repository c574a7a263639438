"""Log-in on a connection: by token, by browser session, or as a new guest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts import actions as accounts
from accounts.errors import NameTaken, RateLimited
from accounts.models import App, User
from accounts.names import GUEST_NAME_MAX_LENGTH, BadName, name_key
from accounts.rate_limits import registration_rate_limit
from accounts.selectors.users import (
    app_by_number,
    authenticate_session,
    authenticate_token,
    user_by_session,
    user_by_token,
)
from chat import account_errors, errors, reasons, selectors
from chat.account_errors import chat_error
from chat.errors import ChatError
from delivery.db.transactions import write
from delivery.log import MembershipInterval


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The user who logged in, their credential, the app and the id of its global channel.

    `expires`: when the credential expires; None: never. `token` is the token of a new guest; empty for other users.
    """

    user: User
    credential: str
    expires: datetime | None
    app: App
    default_channel: int
    token: str = ""


def session_login(*, token: str, session_key: str, name: str | None, app_number: int, address: str = "") -> LoginResult:
    """Return the user of the token or the browser session, else a new guest called `name`.

    Raise ChatError INVALID_TOKEN, SESSION_ENDED, USER_ID_MISMATCH, UNKNOWN_APP, GUESTS_DISABLED or GUEST_NAME_LENGTH,
    and the reasons of `guest_create` and of the registration rate limit.
    """
    known = None
    if token:
        known = authenticate_token(token)
        if known is None:
            raise ChatError(reasons.INVALID_TOKEN)
    elif session_key:
        known = authenticate_session(session_key)
        if known is None and name is None:
            raise ChatError(reasons.SESSION_ENDED)
    if known is None:
        name = _check_guest_name(name)
    elif name is not None and name_key(name) != name_key(known.user.public_name):
        raise ChatError(reasons.USER_ID_MISMATCH)
    app = app_by_number(app_number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    default_channel = selectors.global_channel(app).pk
    if (known is None or known.user.is_guest) and not (settings.IM_GUESTS and app.guests_allowed):
        raise ChatError(account_errors.GUESTS_DISABLED)
    if known is not None:
        return LoginResult(known.user, known.credential, known.expires, app, default_channel)
    assert name is not None
    try:
        registration_rate_limit.take(address)
        with write():
            guest = accounts.guest_create(name=name)
            created = accounts.token_create(user=guest, app=app.number, address=address)
    except RateLimited as error:
        raise chat_error(error) from error
    except (BadName, NameTaken) as error:
        raise chat_error(error, code=errors.ILLEGAL_USER_ID) from error
    return LoginResult(guest, created.device.credential, created.expires, app, default_channel, created.token)


def _check_guest_name(name: str | None) -> str:
    if not name or len(name) > GUEST_NAME_MAX_LENGTH:
        raise ChatError(reasons.GUEST_NAME_LENGTH, limit=GUEST_NAME_MAX_LENGTH)
    return name


def session_memberships(opened: LoginResult, *, token: str, session_key: str) -> Sequence[MembershipInterval] | None:
    """Return the user's membership intervals; None if the credential has been revoked since the log-in."""
    by = token or opened.token
    known = user_by_token(by) if by else user_by_session(session_key)
    if known is None or known[0].pk != opened.user.pk or app_by_number(opened.app.number) is None:
        return None
    return selectors.membership_intervals(opened.user.pk)
