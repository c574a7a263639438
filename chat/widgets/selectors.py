"""Reads what a widget's token opens: its user, channel and app, under the user's present rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.credentials import service_of_credential
from accounts.models import Device, User
from accounts.selectors.users import user_by_id
from chat import reasons
from chat.errors import ChatError
from chat.models import Channel, Membership
from chat.selectors import access_channel
from chat.selectors.logins import LoginApp, login_lookup
from chat.selectors.memberships import membership_intervals
from chat.widgets.tokens import WidgetToken
from delivery.log import MembershipInterval

ISSUER_PERMISSION = "accounts.add_externaluser"
"""A service with it creates its own users, and gives them tokens."""


@dataclass(frozen=True, slots=True)
class WidgetUser:
    """The user of a widget's token, the app to log in on, and all membership intervals of the user."""

    user: User
    app: LoginApp
    memberships: Sequence[MembershipInterval]
    is_global: bool
    """True if the token's channel is the global channel of `app`."""


def widget_member(token: WidgetToken) -> tuple[User, Channel]:
    """Return user and channel of the token.

    Raise ChatError WIDGET_TOKEN_INVALID if the user or the issuer has lost the right, and CHANNEL_NOT_FOUND if the user
    may not read the channel.
    """
    user = user_by_id(token.user_id)
    if user is None or not user.is_active or not _is_valid_issuer(token.issuer, user):
        raise ChatError(reasons.WIDGET_TOKEN_INVALID)
    return user, access_channel(user, token.channel).channel


def widget_user(token: WidgetToken, app_number: int) -> WidgetUser:
    """Return the user of the token. A global channel's own app takes the place of `app_number`.

    Raise ChatError as `widget_member`, and UNKNOWN_APP.
    """
    user, channel = widget_member(token)
    is_global = channel.kind == Channel.Kind.GLOBAL and channel.app is not None
    number = channel.app.number if is_global and channel.app is not None else app_number
    app = login_lookup((), (), {number}).apps.get(number)
    if app is None:
        raise ChatError(reasons.UNKNOWN_APP)
    return WidgetUser(user, app, membership_intervals(user.pk), is_global)


def was_member(user: User, channel: Channel) -> bool:
    """Return whether the user is or has been a member of the channel."""
    return Membership.objects.filter(channel=channel, user=user).exists()


def _is_valid_issuer(issuer: str, user: User) -> bool:
    """Return whether the browser session or the service still has the right to log the user in."""
    service_id = service_of_credential(issuer)
    if service_id is None:
        return Device.objects.filter(credential=issuer, user=user).exists()
    service = user_by_id(service_id)
    has_right = service is not None and service.is_active and service.has_perm(ISSUER_PERMISSION)
    return has_right and not (user.is_staff or user.is_superuser)
