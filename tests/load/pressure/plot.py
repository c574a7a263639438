"""Plots as plain SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _ROW, _MARGIN, _LABELS = 860, 22, 40, 330
_HEIGHT = 320
_INK, _GOOD, _POOR, _GRID = "#333", "#2a7f62", "#c0562f", "#ddd"
_COLORS = (_GOOD, _POOR, "#3a62a7", "#8a5aa8", "#a8862a")
_BAR_LIMIT = 10.0
"""Bars have a logarithmic scale from a tenth of the mark to this many times the mark."""


def bars(title: str, values: Sequence[tuple[str, float]], *, mark: float, caption: str = "") -> str:
    """Return horizontal bars on a logarithmic scale, with a line at `mark`; bars that reach it are green."""
    height = 2 * _MARGIN + _ROW * len(values) + 20
    space = _WIDTH - _LABELS - 60
    middle = _LABELS + space / 2
    parts = [_text(_MARGIN / 2, 24, title, size=15)]
    for index, (name, value) in enumerate(values):
        y = _MARGIN + index * _ROW
        share = math.log(max(value / mark, 1 / _BAR_LIMIT)) / math.log(_BAR_LIMIT)
        width = max(2.0, space / 2 * (1 + min(1.0, share)))
        color = _GOOD if value >= mark else _POOR
        parts.append(_text(_LABELS - 8, y + 15, name, anchor="end"))
        parts.append(f'<rect x="{_LABELS}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" fill="{color}"/>')
        parts.append(_text(_WIDTH - 10, y + 15, f"{value:.2f}", anchor="end"))
    bottom = _MARGIN + _ROW * len(values)
    parts.append(f'<path d="M{middle:.1f} {_MARGIN - 4}V{bottom + 4}" stroke="{_INK}" stroke-dasharray="4 3"/>')
    parts.append(_text(_MARGIN / 2, height - 14, caption, size=11))
    return _document(height, parts)


def line(title: str, points: Sequence[tuple[float, float]], *, x_label: str, caption: str = "") -> str:
    """Return a line through the points, from 0 on both axes."""
    return lines(title, {"": points}, x_label=x_label, caption=caption)


def lines(
    title: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x_label: str,
    caption: str = "",
    mark: float | None = None,
) -> str:
    """Return a line for each series, from 0 on both axes, with their names on the right and a broken line at `mark`."""
    points = [point for values in series.values() for point in values]
    x_end = max((x for x, _ in points), default=1) or 1
    y_values = _ticks(max([y for _, y in points] + [mark or 0]) or 1, covering=True)
    y_end = y_values[-1]
    left, right, top, bottom = 80, _WIDTH - (200 if any(series) else 30), _MARGIN, _HEIGHT - 70

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * x / x_end, bottom - (bottom - top) * y / y_end

    parts = [_text(_MARGIN / 2, 24, title, size=15)]
    for value in y_values:
        y = place(0, value)[1]
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{_GRID}"/>')
        parts.append(_text(left - 6, y + 4, f"{value:,.4g}", anchor="end"))
    for value in _ticks(x_end):
        parts.append(_text(place(value, 0)[0], bottom + 18, f"{value:,.4g}", anchor="middle"))
    if mark is not None:
        y = place(0, mark)[1]
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{_INK}" stroke-dasharray="4 3"/>')
    for index, (name, values) in enumerate(series.items()):
        color = _COLORS[index % len(_COLORS)]
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in values)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        if name:
            y = top + 10 + index * _ROW
            parts.append(f'<path d="M{right + 14} {y}h20" stroke="{color}" stroke-width="2"/>')
            parts.append(_text(right + 40, y + 4, name))
    parts.append(_text((left + right) / 2, bottom + 36, x_label, anchor="middle"))
    parts.append(_text(_MARGIN / 2, _HEIGHT - 10, caption, size=11))
    return _document(_HEIGHT, parts)


def _ticks(end: float, *, covering: bool = False) -> list[float]:
    """Return round values from 0, four or a few more, up to `end`; with `covering`, up to the next one above it."""
    power = 10 ** math.floor(math.log10(end / 4))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= end / 5)
    count = math.ceil(end / step) if covering else math.floor(end / step)
    return [index * step for index in range(count + 1)]


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{_INK}">{escape(text)}</text>'
    )


def _document(height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
