"""Records what the mail server has answered: sent, try again, or refused for good."""

from __future__ import annotations

import logging
import random
import re
import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from chat.mail_digest.due import ClaimedMail
from chat.models import MailDigest
from delivery import log, metrics
from delivery.db.transactions import write
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

_MAX_BACKOFF_SECONDS, _MAX_DOUBLINGS = 3600.0, 20
_FIRST_PERMANENT_CODE = 500
_POLICY = re.compile(r"5\.7\.\d")
"""Begins refusals for reasons of security or policy (RFC 3463), such as a missing signature: they concern all mails."""
SENT, RETRIED, REFUSED, DROPPED = (
    metrics.MAIL_DIGESTS.labels(result) for result in ("sent", "retried", "refused", "dropped")
)


def send(message: EmailMultiAlternatives) -> Exception | None:
    """Send the mail; return the error, if there is one."""
    try:
        message.send()
    except Exception as error:
        return error
    return None


def record(claimed: ClaimedMail, error: Exception | None) -> None:
    """Record the outcome of a mail."""
    row = claimed.row
    if error is None:
        if row.attempts:
            _change(row, attempts=0)
        SENT.inc()
        log_recovery(logger, "mail_digest_failed")
        return
    answer = _answer(error)
    logger.warning("mail_digest_failed", extra={"error": type(error).__name__, "code": answer[0]})
    if answer[0] >= _FIRST_PERMANENT_CODE and not _POLICY.match(answer[1]):
        _change(row, failure=f"{answer[0]} {answer[1]}"[:200], attempts=0, due_at=None)
        REFUSED.inc()
    elif row.attempts < settings.IM_MAIL_DIGEST_RETRIES:
        backoff = settings.IM_MAIL_DIGEST_BACKOFF_SECONDS * 2.0 ** min(row.attempts, _MAX_DOUBLINGS)
        due_at = log.now_ms() + round(min(backoff, _MAX_BACKOFF_SECONDS) * random.uniform(0.8, 1.2) * 1000)
        _change(row, position=row.position, sent_at=row.sent_at, attempts=row.attempts + 1, due_at=due_at)
        RETRIED.inc()
    else:
        _change(row, attempts=0)
        DROPPED.inc()


def _answer(error: Exception) -> tuple[int, str]:
    """Return the code and text of the mail server's answer to this mail; 0 without one.

    Answers to the site's own address or password are about all mails: another try may succeed.
    """
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPDataError):
        code, text = error.smtp_code, error.smtp_error
    else:
        return 0, ""
    return code, text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _change(row: MailDigest, **values: object) -> None:
    with write():
        MailDigest.objects.filter(pk=row.pk).update(**values)
