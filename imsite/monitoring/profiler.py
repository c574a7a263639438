"""Where this process spends its CPU: stacks of all its threads, looked at every few milliseconds.

Between two looks hardly anything is slowed down. Profilers that hook into each call (cProfile, pyinstrument) see one
thread only, and pyinstrument made a turn of a busy event loop cost three times as much.
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

SHORTEST, LONGEST = 0.1, 30.0
INTERVAL = 0.005
SWITCH = 2e-5
"""Seconds that a thread may keep the interpreter from this one. With Python's own five milliseconds nearly every look
would fall where a thread lets go of it by itself, such as in the loop's select."""
DEEPEST = 200
"""Frames of one stack; a deeper one loses its outermost."""

_OUTWARDS = ("f_back",) * (DEEPEST - 1)

Stack = tuple[str, ...]
"""From the thread's name inwards."""


@dataclass
class Profile:
    """CPU seconds by stack."""

    seconds: float
    samples: int = 0
    stacks: dict[Stack, float] = field(default_factory=dict)

    def add(self, stack: Stack, seconds: float) -> None:
        if seconds > 0:
            self.stacks[stack] = self.stacks.get(stack, 0.0) + seconds

    @property
    def busy(self) -> float:
        return sum(self.stacks.values())


def sample(seconds: float) -> Profile:
    """Watch all other threads for so long. Blocks; for a thread of its own."""
    profile = Profile(seconds)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        _look(profile)
    finally:
        sys.setswitchinterval(switch)
    return profile


def _look(profile: Profile) -> None:
    own = threading.get_ident()
    used = {thread.native_id: _cpu(thread) for thread in threading.enumerate()}
    resting: set[Stack] = set()
    kept: dict[int | None, tuple[Stack, float]] = {}
    end = time.monotonic() + profile.seconds
    while time.monotonic() < end:
        time.sleep(INTERVAL)
        profile.samples += 1
        threads = {thread.ident: thread for thread in threading.enumerate()}
        for ident, calls in _calls():
            thread = threads.get(ident)
            if thread is None or ident == own:
                continue
            cpu = _cpu(thread)
            spent = cpu - used.get(thread.native_id, 0.0)
            used[thread.native_id] = cpu
            stack = _stack(thread.name, calls)
            if spent <= 0:
                resting.add(stack)
            if stack in resting:
                # It has used its time elsewhere and waits again: that goes to where it is next seen at work.
                kept[ident] = stack, kept.pop(ident, (stack, 0.0))[1] + spent
            else:
                profile.add(stack, spent + kept.pop(ident, (stack, 0.0))[1])
    for stack, spent in kept.values():
        profile.add(stack, spent)


def _calls() -> list[tuple[int, list[CodeType]]]:
    """Of each thread its identifier and what it calls, from the innermost outwards.

    One call of C from the first look to the last: no other thread goes on meanwhile. Were this a loop in Python, a
    coroutine could be suspended between two steps, and CPython 3.11 then goes on to the frame of whoever had awaited
    it, which may be freed: the node ends with a segmentation fault.
    """
    threads, again = tee(starmap(sys._current_frames, [()]))
    innermost = chain.from_iterable(map(dict.values, again))
    frames = map(accumulate, map(chain, zip(innermost, strict=False), repeat(_OUTWARDS)), repeat(getattr))
    codes = map(map, repeat(attrgetter("f_code")), map(takewhile, repeat(bool), frames))
    looks = zip(chain.from_iterable(threads), map(list, codes), strict=True)
    with _no_collection():
        return list(looks)


@contextmanager
def _no_collection() -> Iterator[None]:
    """The collector may call Python, and Python lets other threads go on."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cpu(thread: threading.Thread) -> float:
    """CPU seconds of the thread so far."""
    if sys.platform != "linux" or thread.native_id is None:
        # No clock of its own: that of the process, as if all were done where each of them is.
        return time.process_time()
    try:
        # What pthread_getcpuclockid makes of a thread. That one crashes for a thread that has ended; this one is told.
        return time.clock_gettime((~thread.native_id << 3) | 6)
    except OSError:
        return 0.0


def _stack(name: str, calls: list[CodeType]) -> Stack:
    # Threads of one pool count as one.
    return (name.rstrip("0123456789-_ ") or name, *map(_label, reversed(calls)))


@cache
def _label(code: CodeType) -> str:
    parts = Path(code.co_filename).parts
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return f"{code.co_qualname} ({'/'.join(parts[-3:])}:{code.co_firstlineno})"
