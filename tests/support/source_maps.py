"""Decodes source maps with at most one segment in a line."""

from __future__ import annotations

import json

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def original_lines(source_map: str) -> list[tuple[str, int] | None]:
    """Return the source and the line (from 0) of each line of the generated file; None for lines without a source."""
    decoded = json.loads(source_map)
    found: list[tuple[str, int] | None] = []
    source = line = 0
    for segment in decoded["mappings"].split(";"):
        if segment:
            column, source_step, line_step, source_column = _numbers(segment)
            assert column == source_column == 0
            source, line = source + source_step, line + line_step
        found.append((decoded["sources"][source], line) if segment else None)
    return found


def _numbers(segment: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for digit in map(_BASE64.index, segment):
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
