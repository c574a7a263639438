"""Every kind of log-in that `tests.load.logins` measures is accepted."""

from __future__ import annotations

import pytest

from tests.load.logins import Case, Measuring, cases
from tests.support.shared_site import SharedSite


@pytest.mark.parametrize("number", range(5))
async def test_log_ins_are_measured(shared_site: SharedSite, number: int) -> None:
    measuring = Measuring(shared_site.site, [shared_site.account()], seconds=0.05)
    case: Case = cases(shared_site.site.port)[number]

    await measuring.run(case, 2)

    assert measuring.refused == 0 and len(measuring.rows) == 3
