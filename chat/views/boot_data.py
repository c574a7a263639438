"""The data that the page's modules need before they connect."""

from __future__ import annotations

from django.conf import settings

from accounts.models import App, User
from accounts.names import GUEST_NAME_MAX_LENGTH
from chat.mail_digest.actions import is_offered, mail_digest_hours
from chat.push.keys import public_key

DEFAULT_APP = 101


def site_boot_data() -> dict[str, object]:
    """Return the data that is the same for everybody, as for a visitor on the default app."""
    return {
        "appId": DEFAULT_APP,
        "appName": "",
        "signedIn": False,
        "userId": None,
        "guests": False,
        "guestNameLimit": GUEST_NAME_MAX_LENGTH,
        "registration": settings.IM_REGISTRATION,
        "staff": False,
        "messageLimit": settings.IM_MESSAGE_MAX_LENGTH,
        "sectionNameLimit": settings.IM_SECTION_NAME_MAX_LENGTH,
        "mentionAll": settings.IM_MENTION_ALL,
        "attachments": {
            "maxBytes": settings.IM_ATTACHMENT_MAX_BYTES,
            "perMessage": settings.IM_ATTACHMENTS_PER_MESSAGE,
            "guests": settings.IM_GUEST_UPLOADS,
        },
        "invites": {"days": settings.IM_INVITE_DAYS, "maxDays": settings.IM_INVITE_MAX_DAYS},
        "pushKey": public_key() if settings.IM_PUSH else "",
        "mailDigest": None,
        "timeZone": "",
        "isShell": False,
        "version": "",
    }


def _mail_digest(user: User) -> dict[str, object]:
    """Return the user's choice of mails of missed messages."""
    return {"hours": mail_digest_hours(user), "hasEmail": bool(user.email)}


def boot_data(app: App, user: User | None, version: str) -> dict[str, object]:
    """Return the data of a user's page on an app; None: a visitor's. `version` is the page's."""
    own = {
        "appId": app.number,
        "appName": app.name,
        "signedIn": user is not None,
        "userId": str(user.pk) if user is not None else None,
        "guests": settings.IM_GUESTS and app.guests_allowed,
        "staff": user is not None and user.is_staff,
        "mailDigest": _mail_digest(user) if user is not None and not user.is_guest and is_offered() else None,
        "timeZone": user.time_zone if user is not None else "",
        "version": version,
    }
    return site_boot_data() | own
