"""Assertions about the reasons of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.errors import AccountError
from chat.errors import ChatError


@contextmanager
def refused_for(error: type[AccountError | ChatError], key: str) -> Iterator[None]:
    """Expect a refusal of this class for the reason with this key."""
    with pytest.raises(error) as caught:
        yield
    assert isinstance(caught.value, AccountError | ChatError)
    assert caught.value.reason.key == key
