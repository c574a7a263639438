"""The steps before a call, in their order: one function for each API, for the DRF views and for the fast path.

Each step is a coroutine or function of the caller's, so that both ways make the same steps by their own means. In a
thread they do not suspend (`delivery.event_loop.run_blocking`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed

from accounts.rate_limits import count_anonymous
from chat import reasons
from chat.api.common import cors
from chat.api.common.call_request import CallRequest
from chat.api.common.networks import is_from_networks
from chat.api.common.throttles import Allowance, throttles
from chat.errors import ChatError


class Identity(Protocol):
    """A caller whom a token authenticates."""

    @property
    def credential(self) -> str: ...


I = TypeVar("I", bound=Identity)  # noqa: E741  the usual letter of an identity

Identify = Callable[[], Awaitable[I | None]]
"""Returns the caller, None for a request without a token. Raises AuthenticationFailed."""
Require = Callable[[I | None], None]
"""Raises the refusal of a caller who may not make the call."""


async def admit_to_v1(
    request: CallRequest, identify: Identify[I], require: Require[I], keep: Callable[[Allowance], None]
) -> I | None:
    """Make the steps before a call of `/api/v1/` and return the caller, or raise the refusal.

    `keep` gets the rest of the token's rate limit, which the answer names, also if it is used up.
    """
    cors.require_allowed_origin(request)
    identity = await _identified(request, identify)
    # Before the permissions, so that forbidden calls are rate limited too.
    if identity is not None:
        allowance = await throttles.requests.draw_async(identity.credential)
        keep(allowance)
        allowance.require()
    require(identity)
    return identity


async def admit_to_legacy(request: CallRequest, identify: Identify[I], require: Require[I]) -> I | None:
    """Make the steps before a legacy call and return the caller, or raise the refusal."""
    cors.require_allowed_origin(request)
    identity = await _identified(request, identify)
    # Callers from an open network are the operator's own programs.
    if identity is None and not is_from_networks(request, settings.IM_OPEN_GATEWAY):
        _count_anonymous(request)
    require(identity)
    if identity is not None:
        (await throttles.requests.draw_async(identity.credential)).require()
    return identity


async def _identified(request: CallRequest, identify: Identify[I]) -> I | None:
    """Return the caller. A token that is refused counts against its address, and beyond that limit is RATE_LIMITED."""
    try:
        return await identify()
    except AuthenticationFailed:
        _count_anonymous(request)
        raise


def _count_anonymous(request: CallRequest) -> None:
    if wait := count_anonymous(str(request.META.get("REMOTE_ADDR", ""))):
        raise ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope="address")
