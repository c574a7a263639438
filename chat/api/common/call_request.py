"""The part of a request that the rules of all HTTP calls read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class CallRequest(Protocol):
    """A request of Django or DRF, or one of the fast path (`chat.api.common.fast_path`)."""

    META: dict[str, Any]

    @property
    def headers(self) -> Mapping[str, str]: ...

    def get_host(self) -> str: ...

    def is_secure(self) -> bool: ...
