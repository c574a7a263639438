"""The comparison of numbers of nodes: members are spread over the nodes, and its table and plots have every case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.load.pressure import growth
from tests.load.pressure.cluster_calls import ClusterCalls
from tests.load.pressure.growth import Case, Row
from tests.load.pressure.scenarios.many_rooms import ManyRooms
from tests.support import machine

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

_CASES = (
    Case("rooms", lambda size, seconds: ManyRooms(rooms=4 * size, rate=50, seconds=seconds, processes=1)),
    Case("sends", lambda size, seconds: ClusterCalls(2 * size, sends=True, seconds=seconds)),
)


@pytest.mark.skipif("Redis" in machine.missing(), reason="Redis is missing on this machine")
def test_each_case_runs_on_one_node_and_two(tmp_path: Path) -> None:
    rows = growth.run(_CASES, (1, 2), 1, 0.5)

    assert [fault for row in rows for fault in row.faults] == []
    assert [(row.case, row.nodes, row.is_grown) for row in rows] == [
        (case.name, *kind) for case in _CASES for kind in ((1, False), (2, False), (2, True))
    ]
    assert all(row.value("Redis CPU per message") >= 0 for row in rows if row.nodes == 2)


def test_rows_are_compared_with_one_node_of_their_case(tmp_path: Path) -> None:
    costs = {("rooms", 1, False): 10, ("rooms", 2, False): 15, ("rooms", 2, True): 11, ("asks", 1, False): 50}
    rows = [Row(*key, loads=["a load"], values={"CPU per call": [cost], "repairs": [0]}) for key, cost in costs.items()]

    growth.write(rows, tmp_path)

    lines = (tmp_path / "growth.md").read_text().splitlines()[4:]
    assert [line.split(" | ")[5] for line in lines] == ["1.00", "1.50", "1.10", "1.00"]
    assert len(json.loads((tmp_path / "growth.json").read_text())["rows"]) == 4
    assert all((tmp_path / f"growth-{kind}.svg").exists() for kind in ("same", "scaled"))
