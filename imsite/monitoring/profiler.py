"""Sampling CPU profiler: records the stacks of all threads every few milliseconds.

Sampling hardly slows the process down. Profilers that hook into each call (cProfile, pyinstrument) see only one
thread, and pyinstrument made a turn of a busy event loop three times as expensive.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, chain, repeat, starmap, takewhile, tee
from operator import attrgetter
from pathlib import Path
from types import CodeType

MIN_SECONDS, MAX_SECONDS = 0.1, 30.0
SAMPLE_INTERVAL_SECONDS = 0.005
SWITCH_INTERVAL_SECONDS = 2e-5
"""Seconds for which another thread may hold the GIL.

With Python's default of 5 ms, nearly every sample would find the thread where it releases the GIL by itself, such as in
the event loop's select.
"""
MAX_STACK_DEPTH = 200
"""Frames of one stack. A deeper stack loses its outermost frames."""

_TO_OUTER_FRAMES = ("f_back",) * (MAX_STACK_DEPTH - 1)

Stack = tuple[str, ...]
"""The thread's name, then its calls from the outermost to the innermost."""


@dataclass
class Profile:
    """CPU seconds by stack, sampled for `seconds`."""

    seconds: float
    samples: int = 0
    stacks: dict[Stack, float] = field(default_factory=dict)

    def add(self, stack: Stack, seconds: float) -> None:
        """Add CPU seconds to a stack."""
        if seconds > 0:
            self.stacks[stack] = self.stacks.get(stack, 0.0) + seconds

    @property
    def busy(self) -> float:
        """CPU seconds of all threads together."""
        return sum(self.stacks.values())


def sample_cpu(seconds: float) -> Profile:
    """Sample all other threads for this many seconds and return the profile. Blocks the calling thread."""
    profile = Profile(seconds)
    previous = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    try:
        _sample(profile)
    finally:
        sys.setswitchinterval(previous)
    return profile


def _sample(profile: Profile) -> None:
    own = threading.get_ident()
    used = {thread.native_id: _cpu_seconds(thread) for thread in threading.enumerate()}
    idle_stacks: set[Stack] = set()
    unassigned: dict[int | None, tuple[Stack, float]] = {}
    """CPU of threads that were seen idle, until they are next seen at work."""
    end = time.monotonic() + profile.seconds
    while time.monotonic() < end:
        time.sleep(SAMPLE_INTERVAL_SECONDS)
        profile.samples += 1
        threads = {thread.ident: thread for thread in threading.enumerate()}
        for ident, calls in _current_calls():
            thread = threads.get(ident)
            if thread is None or ident == own:
                continue
            cpu = _cpu_seconds(thread)
            spent = cpu - used.get(thread.native_id, 0.0)
            used[thread.native_id] = cpu
            stack = _stack_of(thread.name, calls)
            if spent <= 0:
                idle_stacks.add(stack)
            if stack in idle_stacks:
                # The thread used the CPU between two samples and waits again. The next busy sample gets that time.
                unassigned[ident] = stack, unassigned.pop(ident, (stack, 0.0))[1] + spent
            else:
                profile.add(stack, spent + unassigned.pop(ident, (stack, 0.0))[1])
    for stack, spent in unassigned.values():
        profile.add(stack, spent)


def _current_calls() -> list[tuple[int, list[CodeType]]]:
    """Return each thread's identifier and its calls from the innermost to the outermost.

    The iterators run in one C call, during which no other thread runs. A Python loop would crash CPython 3.11: if a
    coroutine is suspended between two steps, `f_back` follows its awaiter's frame, which may already be freed.
    """
    threads, threads_again = tee(starmap(sys._current_frames, [()]))
    innermost = chain.from_iterable(map(dict.values, threads_again))
    frames = map(accumulate, map(chain, zip(innermost, strict=False), repeat(_TO_OUTER_FRAMES)), repeat(getattr))
    codes = map(map, repeat(attrgetter("f_code")), map(takewhile, repeat(bool), frames))
    samples = zip(chain.from_iterable(threads), map(list, codes), strict=True)
    with _without_garbage_collection():
        return list(samples)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector, which may call Python code and thereby let other threads run."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cpu_seconds(thread: threading.Thread) -> float:
    """Return the CPU seconds that the thread has used."""
    if sys.platform != "linux" or thread.native_id is None:
        # Threads have no clock here. Use the process's, as if every thread used all of its CPU.
        return time.process_time()
    try:
        # The clock id of pthread_getcpuclockid, which crashes for an ended thread. clock_gettime raises OSError.
        return time.clock_gettime((~thread.native_id << 3) | 6)
    except OSError:
        return 0.0


def _stack_of(name: str, calls: list[CodeType]) -> Stack:
    # Threads of one pool share a stack.
    return (name.rstrip("0123456789-_ ") or name, *map(_label, reversed(calls)))


@cache
def _label(code: CodeType) -> str:
    parts = Path(code.co_filename).parts
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return f"{code.co_qualname} ({'/'.join(parts[-3:])}:{code.co_firstlineno})"
