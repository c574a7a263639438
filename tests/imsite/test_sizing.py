"""`manage.py sizing` computes from measured costs, and `deploy/sizing.md` has its table."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from imsite.sizing import estimate as estimates
from imsite.sizing.costs import COSTS
from imsite.sizing.estimate import Demand, Site, estimate
from imsite.sizing.page import costs_page, sizing_page, warnings

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = (1, 1_000, 20_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 100_000_000, 1_000_000_000)


def _printed(*arguments: str) -> str:
    output = StringIO()
    call_command("sizing", *arguments, stdout=output)
    return output.getvalue()


def test_the_guide_has_the_table_and_the_costs() -> None:
    guide = (ROOT / "deploy" / "sizing.md").read_text()

    assert f"```\n{_printed()}```" in guide, "copy it from `manage.py sizing`"
    assert _printed("--costs") == costs_page()
    assert costs_page() in guide, "copy it from `manage.py sizing --costs`"


def test_each_cost_has_a_positive_value_and_its_source() -> None:
    assert len(COSTS) > 15
    for cost in COSTS:
        assert cost.value > 0 and cost.unit and cost.meaning and cost.machine and cost.source
        assert cost.date.startswith("2026-")


def test_one_node_as_computed_by_hand() -> None:
    """8,640 messages a day and a peak of 10 make one message a second, to 100 connections each."""
    site = estimate(Demand(people=864, messages=10, peak=10, online=0.5, group=100))

    assert (site.sites, site.nodes, site.connections) == (1, 1, 432)
    assert site.messages == pytest.approx(1) and site.deliveries == pytest.approx(100)
    # Microseconds: the message 600 + 28, its commit 1,450, deliveries 100 * 18.3, connections 432 * 2.1; idle 0.8 %.
    assert site.node_cores == pytest.approx((628 + 1_450 + 1_830 + 907.2) / 1e6 + 0.008)
    assert site.node_mib == pytest.approx(208 + 432 * 19.7 / 1024)
    assert site.redis_cores == site.redis_mib == site.redis_megabits == 0
    assert site.postgres_cores == pytest.approx(1_127 / 1e6)
    assert site.disk_gb_per_year == pytest.approx(8_640 * 365 * 1_334 / 1e9)
    assert site.client_megabits == pytest.approx(100 * (321 + 78) * 8 / 1e6)
    assert site.reconnect_seconds == pytest.approx(432 * 2_250 / 1e6)
    assert site.postgres_connections == 2 * 23 + 20


def test_a_cluster_pays_for_the_commits_of_the_other_nodes() -> None:
    """100 messages a second share 50 commits of three nodes."""
    demand = Demand(people=864_000, messages=10, peak=1, online=0, group=0)
    one, three = Site(demand, 1, 1), Site(demand, 1, 3)

    assert one.commits == pytest.approx(100) and three.commits == pytest.approx(50)
    assert three.node_cores == pytest.approx((100 * 628 + 50 * 1_450 + 50 * 2 * 967) / 1e6 + 3 * 0.008)
    assert three.redis_cores == pytest.approx(50 * 3 * 50 / 1e6)
    assert three.redis_megabits == pytest.approx(100 * 4 * 273 * 8 / 1e6)
    assert three.postgres_cores == pytest.approx((50 * 1_080 + 100 * 47) / 1e6)


def test_more_people_never_cost_less() -> None:
    found = [estimate(Demand(people=people)) for people in PEOPLE]

    for smaller, larger in pairwise(found):
        assert larger.sites >= smaller.sites
        assert larger.nodes * larger.sites >= smaller.nodes * smaller.sites
        assert larger.disk_gb_per_year * larger.sites > smaller.disk_gb_per_year * smaller.sites
    assert found[0].nodes == 1 and found[-1].sites > 100


@pytest.mark.parametrize(
    "habits", [{"online": 0.4}, {"messages": 200.0}, {"peak": 24.0}, {"group": 500.0}, {"reserve": 0.9}], ids=str
)
def test_more_of_each_habit_needs_more_nodes(habits: dict[str, float]) -> None:
    usual = Demand(people=400_000, online=0.01)
    before, after = estimate(usual), estimate(replace(usual, **habits))

    assert after.nodes * after.sites > before.nodes * before.sites


@pytest.mark.parametrize("people", PEOPLE)
def test_the_reserve_stays_free_and_one_node_may_fail(people: int) -> None:
    site = estimate(Demand(people=people, reserve=0.25))

    assert site.connections_per_node <= 0.75 * 15_000
    assert site.node_cores <= 0.75 * site.nodes
    assert site.redis_cores <= 0.75
    assert site.messages <= 0.75 * 9_773 and site.commits <= 0.75 * 837
    assert site.nodes == 1 or site.connections <= (site.nodes - 1) * 15_000
    assert site.nodes == 1 or site.node_cores <= site.nodes - 1
    assert site.nodes <= estimates.MAX_NODES


def test_no_smaller_number_of_sites_bears_the_demand() -> None:
    demand = Demand(people=100_000_000)
    sites = estimate(demand).sites

    assert not any(Site(demand, sites - 1, nodes).fits for nodes in range(1, estimates.MAX_NODES + 1))


def test_messages_beyond_the_counter_need_several_sites() -> None:
    """The counter row is one for each site, even if its nodes have cores to spare."""
    demand = Demand(people=1_000_000, messages=1_000, peak=1, online=0, group=0, cores_per_node=16)
    found = estimate(demand)

    assert found.sites > 1 and found.messages <= 0.7 * 9_773
    assert any("counter row" in warning and f"{found.sites} sites" in warning for warning in warnings(found))


def test_the_warnings_name_what_to_do() -> None:
    page = sizing_page([Demand(people=2_000), Demand(people=1_000_000, cores_per_node=2)])
    small, large = (
        page.split("warnings\n")[1].split("  1,000,000 people:", 1)[0],
        page.split("  1,000,000 people:", 1)[1],
    )

    assert "Run two" in small and "Extrapolated" not in small
    for expected in ("ip_local_port_range", "IM_PGBOUNCER", "Extrapolated", "one Python process"):
        assert expected in large


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--people", "0"], "'0' is not a whole number from 1 to 10000000000"),
        (["--people", "many"], "'many' is not a whole number"),
        (["--people", "1.5"], "'1.5' is not a whole number"),
        (["--online", "1.1"], "'1.1' is not a number from 0 to 1"),
        (["--online", "nan"], "'nan' is not a number from 0 to 1"),
        (["--messages", "-1"], "'-1' is not a number from 0 to 100000"),
        (["--peak", "0.5"], "'0.5' is not a number from 1 to 24"),
        (["--group", "inf"], "'inf' is not a number from 0 to 1e+06"),
        (["--cores-per-node", "0"], "'0' is not a number from 0.5 to 16"),
        (["--reserve", "1"], "'1' is not a number from 0 to 0.9"),
    ],
    ids=str,
)
def test_impossible_numbers_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message.replace("+", r"\+")):
        _printed(*arguments)


def test_the_largest_numbers_have_an_answer() -> None:
    extreme = ["--people", "10_000_000_000", "--online", "1", "--messages", "100000", "--peak", "24"]

    assert "sites" in _printed(*extreme, "--group", "1000000", "--reserve", "0.9", "--cores-per-node", "0.5")
    assert "sites" in _printed("--people", "1", "--online", "0", "--messages", "0", "--group", "0")
