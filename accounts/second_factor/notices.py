"""Mails that tell users of changes to how they sign in, so that a stranger's change does not stay unseen."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop, override

from accounts.mail import send_in_background
from accounts.models import User

APP_ADDED = gettext_noop("An authenticator app was added to your account %(name)s.")
APP_REMOVED = gettext_noop("The authenticator app was removed from your account %(name)s.")
PASSKEY_ADDED = gettext_noop("The passkey “%(passkey)s” was added to your account %(name)s.")
PASSKEY_REMOVED = gettext_noop("The passkey “%(passkey)s” was removed from your account %(name)s.")
RECOVERY_CODE_USED = gettext_noop("A recovery code of your account %(name)s was used.")
CODES_LIMITED = gettext_noop(
    "So many codes were tried for your account %(name)s that further codes are refused for a while. The person who "
    "tried them knows your password or uses a browser in which you are signed in."
)
RECOVERY_CODES_REPLACED = gettext_noop("New recovery codes were made for your account %(name)s.")
RESET = gettext_noop("An administrator turned off two-factor sign-in for your account %(name)s.")
EMAIL_CHANGED = gettext_noop("The email address of your account %(name)s was changed or removed.")
"""The user still has the earlier address, which it is mailed to."""
_SUBJECTS = {
    RECOVERY_CODE_USED: gettext_noop("A recovery code was used"),
    CODES_LIMITED: gettext_noop("Many sign-in codes were tried"),
    EMAIL_CHANGED: gettext_noop("Your email address has changed"),
}
_OTHER_SUBJECT = gettext_noop("Your two-factor sign-in has changed")


def notify(user: User, text: str, **params: str) -> None:
    """Mail one of the texts above to the user, if they have an address."""
    if not user.email:
        return
    with override(user.language or None):
        context: dict[str, object] = {"text": gettext(text) % {"name": user.username, **params}}
        subject = gettext(_SUBJECTS.get(text, _OTHER_SUBJECT))
        send_in_background(user.email, subject, "accounts/mail/second_factor.txt", context)
