"""Ask for mails of missed messages, or end them, also by a link without a log-in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing

from accounts.models import User
from chat import reasons
from chat.errors import ChatError
from chat.models import MailDigest
from delivery import log
from delivery.db.transactions import write

HOURS = (4, 24)
"""The choices: at most one mail in so many hours."""
_SALT = "chat.mail_digest"


def is_offered() -> bool:
    """Return whether this site sends such mails: they need a mail server, and an address for their links."""
    return bool(settings.IM_MAIL_DIGEST and settings.MAIL_IS_SENT and settings.IM_SITE_URL)


def mail_digest_set(*, user: User, hours: int) -> None:
    """Send the user at most one mail in so many hours; 0: none. A new choice also ends a failure.

    Raise ChatError FORBIDDEN where the site sends none, ACCOUNT_REQUIRED for guests, or EMAIL_REQUIRED without a
    confirmed address.
    """
    if not hours:
        mail_digest_end(user_id=user.pk)
        return
    if not is_offered():
        raise ChatError(reasons.FORBIDDEN)
    if user.is_guest:
        raise ChatError(reasons.ACCOUNT_REQUIRED)
    with write():
        stored = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
        if stored is None:
            raise ChatError(reasons.ACCOUNT_INACTIVE)
        if not stored.email:
            raise ChatError(reasons.EMAIL_REQUIRED)
        MailDigest.objects.update_or_create(
            user=stored,
            defaults={"hours": hours, "failure": "", "attempts": 0},
            create_defaults={"hours": hours, "position": log.head()},
        )
        # The time of a waiting mail followed from the earlier choice: it is found anew.
        MailDigest.objects.filter(user=stored).exclude(due_at=None).update(due_at=log.now_ms())


def mail_digest_end(*, user_id: int) -> None:
    """Send the user no more such mails."""
    with write():
        MailDigest.objects.filter(user=user_id).delete()


def mail_digest_hours(user: User) -> int:
    """Return the hours between mails that the user has chosen; 0: they get none, or the mail server refuses them."""
    return MailDigest.objects.filter(user=user, failure="").values_list("hours", flat=True).first() or 0


def unsubscribe_token(user: User) -> str:
    """Return the token of the link that ends the mails to the user's present address. It does not expire."""
    return signing.dumps([user.pk, user.email], salt=_SALT, compress=True)


def user_of_token(token: str) -> User | None:
    """Return the user whose mails the link ends; None for a forged link, or one sent to an earlier address."""
    try:
        user_id, email = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return User.objects.filter(pk=user_id, email=email).exclude(email=None).first()
