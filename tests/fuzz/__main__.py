"""`python -m tests.fuzz [TARGET …] [--seconds N]`: run the targets for a time each, and print what failed.

With `atheris` installed (it is no requirement), mutations follow the coverage of the code.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django


def mutated(chance: random.Random, corpus: list[bytes]) -> bytes:
    """Return bytes made of those in the corpus: some changed, repeated, cut out or inserted."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 6)):
        place = chance.randint(0, len(data))
        match chance.randrange(5):
            case 0:
                data[place : place + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
            case 1:
                del data[place : place + chance.randint(1, 8)]
            case 2:
                data[place:place] = data[place : place + chance.randint(1, 32)] * chance.randint(1, 4)
            case 3:
                data[place:place] = chance.choice(corpus)
            case _:
                data[place:place] = chance.choice((b"\0", b"\xff" * 9, b"\x80", b"\r\n", b"9" * 30, "é".encode()))
    return bytes(data[:4096])


def run_random(name: str, seconds: float) -> None:
    """Run a target with random mutations. Raises its fault, with the input in a note."""
    from tests.fuzz.targets import SEEDS, TARGETS

    chance, target, until, count = random.Random(), TARGETS[name], time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = mutated(chance, [b"", *SEEDS[name]])
        try:
            target(data)
        except Exception as fault:
            fault.add_note(f"{name}({data!r})")
            raise
        count += 1
    print(f"{name}: {count} inputs", flush=True)


def run_guided(name: str, seconds: float) -> None:
    """Run a target with mutations that follow its coverage. Does not return."""
    import atheris

    with atheris.instrument_imports(include=["chat", "delivery", "imsite", "websockets"]):
        from tests.fuzz.targets import SEEDS, TARGETS

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[name]):
            Path(corpus, str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds:.0f}", "-max_len=4096", "-verbosity=0"]
        atheris.Setup([name, *options, corpus], TARGETS[name])
        atheris.Fuzz()


def main() -> int:
    """Run the targets that were named, or all, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    django.setup()
    if options.here:
        try:
            run_guided(options.targets[0], options.seconds)
        except ImportError:
            run_random(options.targets[0], options.seconds)
        return 0
    from tests.fuzz.targets import TARGETS

    failed = [
        name
        for name in options.targets or TARGETS
        if subprocess.run(
            [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(options.seconds), "--here"], check=False
        ).returncode
    ]
    print("failed: " + ", ".join(failed) if failed else "nothing failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
