"""Summaries of the running process: event loop tasks by where they wait, and Python objects by type."""

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

MAX_LINES = 80
TASKS_PER_TURN = 500
"""Tasks inspected before the event loop gets a turn. There are three tasks for each connection."""


def task_summary() -> str:
    """Return the event loop's tasks, grouped by coroutine and by where they wait."""
    if not publish.is_running():
        return "No node runs in this process.\n"
    counts = run_on_loop(_count_tasks)
    lines = [f"{count:8}  {name}\n{'':10}{location}" for (name, location), count in counts.most_common(MAX_LINES)]
    return "\n".join([f"{counts.total()} tasks", "", *lines, ""])


async def _count_tasks() -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for number, task in enumerate(asyncio.all_tasks(), 1):
        if not task.done():
            counts[_name(task), _location(task.get_coro())] += 1
        if number % TASKS_PER_TURN == 0:
            await asyncio.sleep(0)
    return counts


def _name(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", repr(task.get_coro()))


def _location(coroutine: Any) -> str:
    """Return the line of the innermost await."""
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


def memory_summary() -> str:
    """Return objects by type. Lists only objects that the garbage collector tracks, so no strings or numbers."""
    counts: Counter[type] = Counter()
    sizes: Counter[type] = Counter()
    for tracked in gc.get_objects():
        kind = type(tracked)
        counts[kind] += 1
        sizes[kind] += sys.getsizeof(tracked, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    lines = [
        f"{counts[kind]:10}  {size / 1024:12.0f} KiB  {kind.__module__}.{kind.__qualname__}"
        for kind, size in sizes.most_common(MAX_LINES)
    ]
    return "\n".join([f"{counts.total()} objects, {peak:.0f} MiB peak", "", *lines, ""])
