"""Faults of the set-up, which last until an operator mends them, in sentences. An unreachable Redis is none."""

from __future__ import annotations

import re
import ssl

from redis.asyncio.sentinel import MasterNotFoundError as AsyncMasterNotFoundError
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.sentinel import MasterNotFoundError as BlockingMasterNotFoundError

_MASTER_NOT_FOUND = (AsyncMasterNotFoundError, BlockingMasterNotFoundError)
_FORBIDDEN_IN_SCRIPT = re.compile(r"can't (?:run this command|access at least one of the keys)|No permissions to")


def describe_error(error: Exception) -> str:
    """Return its explanation, or its type and text; redis-py's `repr` leaves out the text."""
    text = str(error)
    if isinstance(error, _MASTER_NOT_FOUND):
        # The rest has all options of all connections to the Sentinels.
        text = text.partition(" : ")[0]
    return explain_fault(error) or f"{type(error).__name__}: {text}"


def explain_fault(error: BaseException) -> str | None:
    """Return what to do about the error; None if it may pass by itself."""
    if (reason := certificate_fault(error)) is not None:
        return f"The certificate of Redis is not trusted ({reason}). Set IM_REDIS_CA to the file of its CA."
    if isinstance(error, AuthenticationError):
        return f"Redis or a Sentinel refuses the user or password of the URL ({error})."
    text = str(error)
    if isinstance(error, NoPermissionError) or (isinstance(error, ResponseError) and _FORBIDDEN_IN_SCRIPT.search(text)):
        return f"The ACL of the Redis user is too narrow ({text}). deploy/README.md has the permissions."
    return None


def certificate_fault(error: BaseException | None) -> str | None:
    """Return why the certificate was not accepted; None if that is not the reason for the error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None
