"""The table of limits names those that the account pages count against."""

from __future__ import annotations

import inspect
import re

from accounts import rate_limits
from accounts.urls import urlpatterns
from imsite.limits.rates import FURTHER_OF_PATHS


def test_each_limit_of_an_account_page_is_in_the_table() -> None:
    missing = []
    for pattern in urlpatterns:
        path = f"accounts/{pattern.pattern}"
        view = getattr(pattern.callback, "view_class", pattern.callback)
        listed = [limit.name for limit in FURTHER_OF_PATHS.get(path, ())]
        for name in re.findall(r"\b(\w+_rate_limit)\.take\(", inspect.getsource(view)):
            if getattr(rate_limits, name).declared.name not in listed:
                missing.append(f"{path}: {name}")
    assert not missing
