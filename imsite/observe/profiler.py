"""Where this process spends its CPU: stacks of all its threads, looked at every few milliseconds.

Between two looks hardly anything is slowed down. Profilers that hook into each call (cProfile, pyinstrument) see one
thread only, and pyinstrument made a turn of a busy event loop cost three times as much.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

SHORTEST, LONGEST = 0.1, 30.0
INTERVAL = 0.005
SWITCH = 2e-5
"""Seconds that a thread may keep the interpreter from this one. With Python's own five milliseconds nearly every look
would fall where a thread lets go of it by itself, such as in the loop's select."""
DEEPEST = 200
"""Frames of one stack; a deeper one loses its outermost."""

Stack = tuple[str, ...]
"""From the thread's name inwards."""


@dataclass
class Profile:
    """CPU seconds by stack."""

    seconds: float
    samples: int = 0
    stacks: dict[Stack, float] = field(default_factory=dict)

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
    end = time.monotonic() + profile.seconds
    while time.monotonic() < end:
        time.sleep(INTERVAL)
        profile.samples += 1
        threads = {thread.ident: thread for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            thread = threads.get(ident)
            if thread is None or ident == own:
                continue
            cpu = _cpu(thread)
            # What a thread has used since the last look goes to where it is now. One that waits has used nothing.
            if (spent := cpu - used.get(thread.native_id, 0.0)) > 0:
                stack = _stack(thread.name, frame)
                profile.stacks[stack] = profile.stacks.get(stack, 0.0) + spent
            used[thread.native_id] = cpu


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


def _stack(name: str, innermost: FrameType) -> Stack:
    labels: list[str] = []
    frame: FrameType | None = innermost
    while frame is not None and len(labels) < DEEPEST:
        labels.append(_label(frame.f_code))
        frame = frame.f_back
    # Threads of one pool count as one.
    labels.append(name.rstrip("0123456789-_ ") or name)
    return tuple(reversed(labels))


@cache
def _label(code: CodeType) -> str:
    parts = Path(code.co_filename).parts
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return f"{code.co_qualname} ({'/'.join(parts[-3:])}:{code.co_firstlineno})"
