"""Signs and reads the tokens of widgets. No table holds them, so every node can read them.

They are signed with SECRET_KEY (its fallbacks too) and for this use only: no other log-in or call accepts them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer

from chat import reasons
from chat.errors import ChatError
from delivery.log import now_ms

MAX_LENGTH = 2000
_SALT = "imsite.widget"


@dataclass(frozen=True, slots=True)
class WidgetToken:
    """The rights of a token: a user in a channel, on pages of an origin, until `expires` (Unix seconds).

    `issuer` is the credential behind it: that of the user's browser session, or of a service. It ends the connections
    that were opened with the token.
    """

    user_id: int
    channel: int
    origin: str
    issuer: str
    expires: int


def widget_token(*, user_id: int, channel: int, origin: str, issuer: str) -> tuple[str, int]:
    """Return a new token and the time at which it expires, in Unix seconds. `origin` must be normalized."""
    expires = now_ms() // 1000 + settings.IM_WIDGET_TOKEN_SECONDS
    return Signer(salt=_SALT).sign_object([user_id, channel, origin, issuer, expires]), expires


def read_widget_token(text: str, *, origin: str) -> WidgetToken:
    """Return the token in the text for a page of this origin, which must be normalized.

    Raise ChatError WIDGETS_OFF, WIDGET_TOKEN_INVALID, WIDGET_TOKEN_ORIGIN or WIDGET_TOKEN_EXPIRED.
    """
    if not settings.IM_WIDGETS:
        raise ChatError(reasons.WIDGETS_OFF)
    if not text.isascii() or len(text) > MAX_LENGTH:
        raise ChatError(reasons.WIDGET_TOKEN_INVALID)
    try:
        token = WidgetToken(*Signer(salt=_SALT).unsign_object(text))
    except BadSignature:
        raise ChatError(reasons.WIDGET_TOKEN_INVALID) from None
    if token.origin != origin:
        raise ChatError(reasons.WIDGET_TOKEN_ORIGIN)
    if token.expires * 1000 <= now_ms():
        raise ChatError(reasons.WIDGET_TOKEN_EXPIRED)
    return token
