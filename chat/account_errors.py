"""Refusals of `accounts` as refusals of the chat: the same reason, with a code of the wire protocols. Pure."""

from __future__ import annotations

from typing import Any

from accounts import errors as account_errors
from accounts.errors import AccountError, BadPassword, RateLimited
from chat import errors, reasons
from chat.errors import ChatError, Code, Reason

_CODES = {
    400: errors.ILLEGAL_PARAMETER,
    403: errors.NOT_AUTHORISED,
    404: errors.NO_DATA,
    409: errors.OPERATION_FAILED,
    429: errors.TOO_MUCH,
    502: errors.SERVER_ERROR,
}


def with_code(reason: account_errors.Reason, code: Code | None = None) -> Reason:
    """Return the reason with the code that fits its HTTP status, or with `code`."""
    return Reason(reason.key, code or _CODES[reason.http], reason.text, reason.when, reason.retry)


def chat_error(error: AccountError, *, code: Code | None = None, **data: Any) -> ChatError:
    """Return the refusal as a ChatError. Its data holds the parameters of the sentence, and `data`."""
    sentence = error.problem if isinstance(error, BadPassword) else ""
    wait = {"retryAfter": error.seconds} if isinstance(error, RateLimited) else {}
    return ChatError(with_code(error.reason, code), sentence=sentence, **{**error.params, **wait, **data})


ACCOUNT_NOT_FOUND = with_code(account_errors.ACCOUNT_NOT_FOUND)
GUESTS_DISABLED = with_code(account_errors.GUESTS_DISABLED)

ALL_REASONS = dict(
    sorted({**reasons.REASONS, **{key: with_code(reason) for key, reason in account_errors.REASONS.items()}}.items())
)
"""Every reason that clients can receive, by key: those of the chat and of accounts."""
