"""Draws QR codes."""

from __future__ import annotations

from itertools import groupby

QUIET_ZONE = 4
"""Modules of empty space on each side, as the standard demands."""


def qr_path(text: str) -> tuple[int, str]:
    """Return the side of the code in modules, its quiet zone included, and the path of an SVG that draws it."""
    import segno  # Few processes ever draw one.

    rows = segno.make(text, error="m", micro=False).matrix
    parts: list[str] = []
    for y, row in enumerate(rows, QUIET_ZONE):
        x = QUIET_ZONE
        for is_dark, run in groupby(row):
            width = len(list(run))
            if is_dark:
                parts.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return len(rows) + 2 * QUIET_ZONE, "".join(parts)
