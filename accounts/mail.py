"""The site's mail. It leaves beside the request, which takes as long whether there is somebody to write to or not."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

EMAIL_PROOF_AGE = 86_400
"""Seconds for which a link that shows an address to be somebody's is good."""
_SALT = "accounts.email"
_posting = ThreadPoolExecutor(1, "mail")
_room = threading.BoundedSemaphore(1000)
"""For mails that wait to go out; past it they are dropped."""


def post(to: str, subject: str, template: str, context: dict[str, object]) -> None:
    """Send a mail soon; none to nobody, which costs the same here. Only the log is told when that fails."""
    message = EmailMessage(f"{subject} · imsite", render_to_string(template, context), to=[to])
    if not to:
        return
    if not _room.acquire(blocking=False):
        logger.error("mail_dropped")
        return
    _posting.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:
        logger.error("mail_failed", extra={"error": type(error).__name__})
    finally:
        _room.release()


def posted() -> None:
    """Wait until what was given to `post` has gone out."""
    _posting.submit(bool).result()


def email_proof(user_id: int, before: str | None, email: str) -> str:
    """What somebody can only have who reads the mail of `email`. Good for one change: that from the address before."""
    return signing.dumps([user_id, before, email], salt=_SALT, compress=True)


def email_proven(proof: str) -> tuple[int, str | None, str] | None:
    """Of whom, from which address, to which; None for a proof that is none, or too old."""
    try:
        user_id, before, email = signing.loads(proof, salt=_SALT, max_age=EMAIL_PROOF_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return user_id, before, email
