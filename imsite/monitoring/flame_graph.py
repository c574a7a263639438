"""A profile as a picture: each call a bar as wide as its share of the CPU, below the call that made it."""

from __future__ import annotations

from dataclasses import dataclass, field

from imsite.monitoring.profiler import Profile

WIDTH, ROW = 1200.0, 18
HEAD = 30
"""Pixels above the bars, for the title."""
NARROWEST = 0.5
CHARACTER = 6.7
OURS = ("imsite", "accounts", "chat", "delivery")


@dataclass
class _Call:
    seconds: float = 0.0
    calls: dict[str, _Call] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    x: float
    y: int
    width: float
    label: str
    text: str
    """As much of the label as there is room for."""
    kind: str


@dataclass(frozen=True)
class Graph:
    title: str
    width: float
    height: int
    row: int
    bars: list[Bar]


def graph(profile: Profile) -> Graph:
    """The picture of a profile, for the template."""
    root = _Call()
    for stack, seconds in profile.stacks.items():
        root.seconds += seconds
        call = root
        for label in stack:
            call = call.calls.setdefault(label, _Call())
            call.seconds += seconds
    bars: list[Bar] = []
    _draw(root, 0.0, HEAD, WIDTH / (root.seconds or 1), bars)
    share = profile.busy / profile.seconds
    title = f"{profile.seconds:g} s, {profile.samples} samples, {profile.busy:.2f} s of CPU ({share:.0%} of one core)"
    height = max((bar.y for bar in bars), default=HEAD) + 2 * ROW
    return Graph(title, WIDTH, height, ROW - 1, bars)


def _draw(call: _Call, x: float, y: int, scale: float, bars: list[Bar]) -> None:
    for name, inner in sorted(call.calls.items()):
        width = inner.seconds * scale
        if width >= NARROWEST:
            room = int((width - 4) / CHARACTER)
            text = name if len(name) <= room else name[: room - 1] + "…" if room > 3 else ""
            label = f"{name}\n{inner.seconds * 1000:.0f} ms, {width / WIDTH:.1%}"
            bars.append(Bar(round(x, 2), y, round(width, 2), label, text, _kind(name)))
            _draw(inner, x, y + ROW, scale, bars)
        x += width


def _kind(name: str) -> str:
    """Whose code it is, which gives the colour."""
    _, _, place = name.partition(" (")
    parts = place.split("/")
    if not place:
        return "thread"
    if any(part in OURS for part in parts):
        return "ours"
    return "library"
