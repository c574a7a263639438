"""The steps before a call, in their order: one function for each API, for the DRF views and for the fast path.

Each step is a coroutine or function of the caller's, so that both ways make the same steps by their own means. In a
thread they do not suspend (`delivery.event_loop.run_blocking`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from chat.api.common import cors
from chat.api.common.call_request import CallRequest
from chat.api.common.throttles import Allowance, throttles


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
    identity = await identify()
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
    identity = await identify()
    require(identity)
    if identity is not None:
        (await throttles.requests.draw_async(identity.credential)).require()
    return identity
