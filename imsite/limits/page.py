"""Writes the table of all limits as Markdown; the table of rates is also in `deploy/README.md`."""

from __future__ import annotations

from collections.abc import Iterator

from imsite.limits.rates import DECLARED, command_rows, path_rows
from imsite.limits.sizes import FIXED, size_options
from imsite.options import OPTIONS, Option

_HEAD = """# Limits

This page is made by `python manage.py limits`. Defaults are those of `IM_ENV=production`; a development start relaxes
most of them. `python manage.py options` shows the values of your site.

A client beyond a rate limit gets the reason `rate_limited` with code 1011 on a connection and status 429 over HTTP. The
answer says in `retryAfter`, and over HTTP in `Retry-After`, after how many seconds to try again, and in `scope` what is
limited. Limits per hour answer `too_many_attempts`. An IPv6 address counts as its /64 network, and an IPv4 address
that is written as IPv6 as IPv4.

With Redis all nodes share the limits. Those by token, webhook and per hour are counted in Redis at each use; those by
user, channel and address are counted on the node and settled twice a second, so a burst can be had once on each node.
The limit by connection needs no sharing. While Redis is down each node limits by itself.
"""
_COUNTED = {option.name: option for option in OPTIONS}


def limits_page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, "## Rates\n", *rate_rows(), "", *_commands(), *_paths(), *_sizes()]) + "\n"


def rate_rows() -> Iterator[str]:
    """Yield the lines of the table of rates."""
    yield _head("limit", "counted by", "sustained", "at once")
    for declared in DECLARED:
        rate = _COUNTED[declared.rate]
        burst = f"{_value(_COUNTED[declared.burst])} (`{declared.burst}`)" if declared.burst else "the same"
        unit = "a second" if declared.burst else "an hour"
        yield _row(declared.name, declared.counted_by, f"{_value(rate)} {unit} (`{declared.rate}`)", burst)


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Each command also counts against the `requests` of its connection.\n"
    yield _head("command", "limits")
    for name, limits, remark in command_rows():
        shown = ", ".join(limit.name for limit in limits[1:])
        yield _row(f"`{name}`", "; ".join(part for part in (shown, remark) if part))
    yield ""


def _paths() -> Iterator[str]:
    yield "## HTTP\n"
    yield "Calls with a token count against `calls`. Requests of a signed-in browser count against the `reads` of"
    yield "its user, except the first in 5 minutes. All others count against `anonymous`. Static files are not counted."
    yield "Networks in `IM_OPEN_GATEWAY` may make the calls of the JSON protocol's original server without limit.\n"
    yield _head("path", "limits")
    for path, limits in path_rows():
        yield _row(path, ", ".join(limit.name for limit in limits))
    yield ""


def _sizes() -> Iterator[str]:
    yield "## Sizes, numbers and times\n"
    yield _head("option", "default", "meaning")
    for option in size_options():
        yield _row(f"`{option.name}`", _value(option), option.description)
    yield "\nFixed, because clients or stored data rely on them:\n"
    yield _head("what", "limit")
    for what, limit in FIXED:
        yield _row(what, f"{limit:,}")


def _value(option: Option) -> str:
    value = option.production
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _head(*titles: str) -> str:
    return "\n".join((_row(*titles), _row(*("---" for _ in titles))))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
