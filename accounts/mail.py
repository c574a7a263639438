"""Outgoing mail, sent in the background, and the signed tokens of email confirmation links.

A request takes the same time whether or not a mail is sent, so its duration does not reveal who has an account.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

EMAIL_CONFIRMATION_SECONDS = 86_400
"""Seconds for which a confirmation link is valid."""
_SALT = "accounts.email"
_MAX_QUEUED = 1000
"""Mails that may wait to be sent; further ones are dropped."""
_sender = ThreadPoolExecutor(1, "mail")
_queue_slots = threading.BoundedSemaphore(_MAX_QUEUED)


def send_in_background(to: str, subject: str, template: str, context: dict[str, object]) -> None:
    """Queue a mail. An empty `to` renders the mail and sends nothing. Failures are only logged."""
    message = EmailMessage(f"{subject} · imsite", render_to_string(template, context), to=[to])
    if not to:
        return
    if not _queue_slots.acquire(blocking=False):
        logger.error("mail_dropped")
        return
    _sender.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:
        logger.error("mail_failed", extra={"error": type(error).__name__})
    else:
        log_recovery(logger, "mail_failed")
    finally:
        _queue_slots.release()


def wait_until_sent() -> None:
    """Block until all queued mails have been sent."""
    _sender.submit(bool).result()


def email_confirmation_token(user_id: int, previous_email: str | None, email: str) -> str:
    """Return the signed token of a confirmation link. It is valid for the change from `previous_email` to `email`."""
    return signing.dumps([user_id, previous_email, email], salt=_SALT, compress=True)


def read_email_confirmation_token(token: str) -> tuple[int, str | None, str] | None:
    """Return user id, previous address and new address of a token; None if it is not valid or too old."""
    try:
        user_id, previous_email, email = signing.loads(token, salt=_SALT, max_age=EMAIL_CONFIRMATION_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return user_id, previous_email, email
