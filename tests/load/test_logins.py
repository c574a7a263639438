"""Every kind of log-in that `tests.load.logins` measures is accepted."""

from __future__ import annotations

import itertools

import pytest

from tests.load.logins import Case, cases, measure
from tests.support.shared_site import SharedSite


@pytest.mark.parametrize("number", range(5))
async def test_log_ins_are_measured(shared_site: SharedSite, number: int) -> None:
    case: Case = cases(shared_site.site.port)[number]

    # The system counts CPU in steps of 10 ms.
    found = await measure(shared_site.site, case, itertools.repeat(shared_site.account()), 2, 0.5)

    assert found.refused == 0 and found.rate > 0 and found.cpu > 0
