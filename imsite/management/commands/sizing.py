"""`manage.py sizing`: nodes, cores, memory, disk and network for a number of people, from measured costs."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from imsite.sizing.estimate import Demand
from imsite.sizing.page import costs_page, sizing_page

SIZES = (1_000, 100_000, 1_000_000, 100_000_000)
MAX_PEOPLE = 10_000_000_000


class Command(BaseCommand):
    help = "Estimate the hardware of a site, from costs measured on one machine. deploy/sizing.md explains it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--people", type=_whole, nargs="+", default=SIZES, help="people with an account; several for a column each")
        add("--online", type=_between(0, 1), default=Demand.online, help="share of them who are connected (0.2)")
        add("--messages", type=_between(0, 100_000), default=Demand.messages, help="messages of a person in a day (20)")
        add("--peak", type=_between(1, 24), default=Demand.peak, help="busiest hour, as a multiple of the average (4)")
        add("--group", type=_between(0, 1_000_000), default=Demand.group, help="connections that get a message (10)")
        add(
            "--cores-per-node",
            type=_between(0.5, 16),
            default=Demand.cores_per_node,
            help="cores that a node, one Python process, can use (1)",
        )
        add("--reserve", type=_between(0, 0.9), default=Demand.reserve, help="share of all that stays free (0.3)")
        add("--costs", action="store_true", help="print the measured costs with date and source instead")

    def handle(self, *args: Any, people: list[int], costs: bool, **options: Any) -> None:
        if costs:
            self.stdout.write(costs_page(), ending="")
            return
        habits = {name: options[name] for name in ("online", "messages", "peak", "group", "cores_per_node", "reserve")}
        self.stdout.write(sizing_page([Demand(people=count, **habits) for count in people]), ending="")


def _whole(text: str) -> int:
    try:
        value = int(text.replace("_", ""))
    except ValueError:
        value = 0
    if not 1 <= value <= MAX_PEOPLE:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MAX_PEOPLE}")
    return value


def _between(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is not a number from {least:g} to {most:g}")
        return value

    return parse
