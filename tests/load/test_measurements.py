import os
import subprocess
import sys

from tests.load.measurements import tree_cpu_seconds

_BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"


def test_cpu_of_running_and_of_ended_children_is_included() -> None:
    before = tree_cpu_seconds(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", _BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "done\n"
    running = tree_cpu_seconds(os.getpid())
    child.communicate("\n")
    ended = tree_cpu_seconds(os.getpid())
    assert before + 0.25 < running <= ended
