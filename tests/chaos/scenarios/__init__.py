"""The scenarios, one a module, in the order in which they run."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tests.chaos.scenario import Scenario


@cache
def all_scenarios() -> tuple[Scenario, ...]:
    """Return `SCENARIO`, or each of `SCENARIOS`, of all modules of this package, sorted by the modules' names."""
    found: list[Scenario] = []
    for module in pkgutil.iter_modules(__path__):
        content = importlib.import_module(f"{__name__}.{module.name}")
        found += getattr(content, "SCENARIOS", None) or [content.SCENARIO]
    return tuple(found)
