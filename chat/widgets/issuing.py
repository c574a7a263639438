"""Issues the tokens of widgets: to services for their own users, and to this site's pages for their signed-in user."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from accounts import actions as accounts
from accounts.actions.external_users import ExternalUserData
from accounts.credentials import service_credential
from accounts.errors import NoSuchUser
from accounts.models import User
from accounts.selectors.external_users import external_user_by_id
from chat import reasons
from chat.actions.service_access import access_for_service
from chat.actions.service_channel import members_add
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import access_channel
from chat.widgets.selectors import was_member
from chat.widgets.tokens import widget_token

ADD_MEMBERS = "chat.add_membership"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token, the user it is for, and the time at which it expires, in Unix seconds."""

    token: str
    user: User
    expires: int


def widget_token_for_external_user(
    *, service: User, user: ExternalUserData, channel_id: int, origin: str
) -> IssuedToken:
    """Issue a token for a user of the service, who is created if missing. `origin` must be normalized and allowed.

    A service that may add members adds a user who has never been in the group. A user who has left, or was removed,
    stays out. Raise ChatError WIDGETS_OFF, CHANNEL_NOT_FOUND and USER_NOT_A_MEMBER, what `members_add` raises, and
    NoSuchUser for a user who is deactivated or has become staff.
    """
    _require_widgets()
    channel = access_for_service(service, channel_id).channel
    existing = external_user_by_id(service, user.external_id)
    known = existing or accounts.external_user_upsert(service=service, data=user).user
    if not known.is_active or known.is_staff or known.is_superuser:
        raise NoSuchUser
    _require_member(service, known, channel)
    if existing is not None:
        # A new nickname is an event, and nothing may wait for the locks of a join after that.
        known = accounts.external_user_upsert(service=service, data=user).user
    issuer = service_credential(service.pk)
    token, expires = widget_token(user_id=known.pk, channel=channel.pk, origin=origin, issuer=issuer)
    return IssuedToken(token, known, expires)


def widget_token_for_session(*, user: User, credential: str, channel_id: int, origin: str) -> IssuedToken:
    """Issue a token for the user of a browser session. Raise ChatError WIDGETS_OFF or CHANNEL_NOT_FOUND."""
    _require_widgets()
    channel = access_channel(user, channel_id).channel
    token, expires = widget_token(user_id=user.pk, channel=channel.pk, origin=origin, issuer=credential)
    return IssuedToken(token, user, expires)


def _require_widgets() -> None:
    if not settings.IM_WIDGETS:
        raise ChatError(reasons.WIDGETS_OFF)


def _require_member(service: User, user: User, channel: Channel) -> None:
    try:
        access_channel(user, channel.pk)
        return
    except ChatError as refusal:
        if refusal.reason is not reasons.CHANNEL_NOT_FOUND:
            raise
    if channel.kind != Channel.Kind.PUBLIC or was_member(user, channel) or not service.has_perm(ADD_MEMBERS):
        raise ChatError(reasons.USER_NOT_A_MEMBER, userId=user.public_name)
    members_add(user=service, channel_id=channel.pk, names=[user.username])
