"""What there is in this process at the moment: tasks by what they do, objects by type."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from delivery import publish
from delivery.event_loop import run_on_loop

MOST = 80
"""Lines of a list."""
SLICE = 500
"""Tasks that are looked at before the loop's other work has a turn: there are three for each connection."""


def tasks() -> str:
    """The event loop's tasks, grouped by coroutine and by where they wait."""
    if not publish.is_running():
        return "No node runs in this process.\n"
    found = run_on_loop(_tasks)
    lines = [f"{count:8}  {name}\n{'':10}{place}" for (name, place), count in found.most_common(MOST)]
    return "\n".join([f"{found.total()} tasks", "", *lines, ""])


async def _tasks() -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for number, task in enumerate(asyncio.all_tasks(), 1):
        if not task.done():
            found[_name(task), _place(task.get_coro())] += 1
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return found


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", repr(task.get_coro()))


def _place(coroutine: Any) -> str:
    """The line of the innermost await."""
    frame: FrameType | None = None
    while coroutine is not None:
        inner = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        frame = inner or frame
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return "?" if frame is None else _line(frame.f_code, frame.f_lineno)


@lru_cache(maxsize=1000)
def _line(code: CodeType, number: int) -> str:
    path = "/".join(Path(code.co_filename).parts[-3:])
    return f"waits in {code.co_qualname} ({path}:{number})"


def memory() -> str:
    """Objects by type: what the garbage collector follows, so no strings or numbers by themselves."""
    counts: Counter[type] = Counter()
    sizes: Counter[type] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        counts[kind] += 1
        sizes[kind] += sys.getsizeof(thing, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    lines = [
        f"{counts[kind]:10}  {size / 1024:12.0f} KiB  {kind.__module__}.{kind.__qualname__}"
        for kind, size in sizes.most_common(MOST)
    ]
    return "\n".join([f"{counts.total()} objects, {peak:.0f} MiB at the most so far", "", *lines, ""])
