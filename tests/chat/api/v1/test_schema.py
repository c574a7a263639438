"""Request bodies are parsed in several threads at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent.parent.parent

# In a process of its own: msgspec crashes when two threads decode a type for the first time at once.
_FIRST_CALLS = """
import sys, threading
import django
django.setup()
from chat.api.v1.schema import Shape, parse

sys.setswitchinterval(1e-6)
for number in range(300):
    inner = type("Inner", (Shape,), {"__annotations__": {"name": str, "count": int | None}, "count": None})
    outer = type("Outer", (Shape,), {"__annotations__": {"one": inner, "many": list[inner], "counts": dict[str, int]}})
    together = threading.Barrier(4)

    def first_call():
        together.wait()
        parse(b'{"one": {"name": "a"}, "many": [{"name": "b", "count": 1}], "counts": {"c": 1}}', outer)

    threads = [threading.Thread(target=first_call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("parsed")
"""


def test_concurrent_first_calls_are_parsed() -> None:
    command = [sys.executable, "-c", _FIRST_CALLS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "parsed"), done.stderr
