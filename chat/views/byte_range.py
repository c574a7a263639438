"""The Range header of a download (RFC 9110). One range is answered with a part; several are ignored, as allowed."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)


class NotSatisfiable(Exception):
    """The range lies beyond the end of the file. It is answered 416."""


def requested_range(header: str, size: int) -> range | None:
    """Return the requested bytes of a file of this size; None for the whole file. Raises NotSatisfiable."""
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        wanted = range(max(0, size - int(match[2])), size)
    else:
        first, last = int(match[1]), int(match[2] or size)
        if match[2] and last < first:
            return None
        wanted = range(first, min(last + 1, size))
    if not wanted:
        raise NotSatisfiable
    return wanted
