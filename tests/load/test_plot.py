"""The axes of plots have round numbers."""

from __future__ import annotations

import re

import pytest

from tests.load.pressure import plot


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (353.8, ["0", "100", "200", "300", "400"]),
        (0.031, ["0", "0.01", "0.02", "0.03", "0.04"]),
        (1_646, ["0", "500", "1,000", "1,500", "2,000"]),
    ],
)
def test_the_vertical_axis_covers_the_highest_point(highest: float, labels: list[str]) -> None:
    svg = plot.line("p99", [(0, 0), (5, highest)], x_label="seconds")
    assert re.findall(r'text-anchor="end"[^>]*>([^<]+)<', svg) == labels


def test_the_horizontal_axis_ends_at_the_last_point() -> None:
    svg = plot.line("p99", [(0, 1), (123.2, 1)], x_label="seconds")
    assert re.findall(r'text-anchor="middle"[^>]*>([^<]+)<', svg) == ["0", "25", "50", "75", "100", "seconds"]


def test_each_series_has_a_line_and_its_name() -> None:
    svg = plot.lines("growth", {"rooms": [(1, 1), (4, 1.1)], "calls": [(1, 1), (4, 3.8)]}, x_label="nodes", mark=1.2)
    assert svg.count("<polyline") == 2
    assert [name for name in ("rooms", "calls") if f">{name}<" in svg] == ["rooms", "calls"]
    assert re.findall(r'text-anchor="end"[^>]*>([^<]+)<', svg) == ["0", "1", "2", "3", "4"]
