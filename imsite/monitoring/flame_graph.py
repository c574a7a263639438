"""Turns a CPU profile into a flame graph: one bar per call, as wide as its share of CPU, below its caller."""

from __future__ import annotations

from dataclasses import dataclass, field

from imsite.monitoring.profiler import Profile

WIDTH_PIXELS, ROW_PIXELS = 1200.0, 18
TITLE_PIXELS = 30
MIN_BAR_PIXELS = 0.5
CHARACTER_PIXELS = 6.7
OWN_PACKAGES = ("imsite", "accounts", "chat", "delivery")


@dataclass
class _Call:
    seconds: float = 0.0
    calls: dict[str, _Call] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """A bar of the graph, in pixels."""

    x: float
    y: int
    width: float
    label: str
    text: str
    """The part of the label that fits into the bar."""
    kind: str


@dataclass(frozen=True)
class Graph:
    """A flame graph, as the template draws it."""

    title: str
    width: float
    height: int
    row: int
    bars: list[Bar]


def build_graph(profile: Profile) -> Graph:
    """Return the flame graph of a profile."""
    root = _Call()
    for stack, seconds in profile.stacks.items():
        root.seconds += seconds
        call = root
        for label in stack:
            call = call.calls.setdefault(label, _Call())
            call.seconds += seconds
    bars: list[Bar] = []
    _draw(root, 0.0, TITLE_PIXELS, WIDTH_PIXELS / (root.seconds or 1), bars)
    share = profile.busy / profile.seconds
    title = f"{profile.seconds:g} s, {profile.samples} samples, {profile.busy:.2f} s of CPU ({share:.0%} of one core)"
    height = max((bar.y for bar in bars), default=TITLE_PIXELS) + 2 * ROW_PIXELS
    return Graph(title, WIDTH_PIXELS, height, ROW_PIXELS - 1, bars)


def _draw(call: _Call, x: float, y: int, scale: float, bars: list[Bar]) -> None:
    for name, inner in sorted(call.calls.items()):
        width = inner.seconds * scale
        if width >= MIN_BAR_PIXELS:
            room = int((width - 4) / CHARACTER_PIXELS)
            text = name if len(name) <= room else name[: room - 1] + "…" if room > 3 else ""
            label = f"{name}\n{inner.seconds * 1000:.0f} ms, {width / WIDTH_PIXELS:.1%}"
            bars.append(Bar(round(x, 2), y, round(width, 2), label, text, _kind(name)))
            _draw(inner, x, y + ROW_PIXELS, scale, bars)
        x += width


def _kind(name: str) -> str:
    """Return the origin of the code, which sets the bar's colour."""
    _, _, location = name.partition(" (")
    parts = location.split("/")
    if not location:
        return "thread"
    if any(part in OWN_PACKAGES for part in parts):
        return "ours"
    return "library"
