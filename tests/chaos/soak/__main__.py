"""Runs the command. It is a module of its own, because processes that this one spawns import its main module again."""

from __future__ import annotations

import sys

from tests.chaos.soak.command import main

if __name__ == "__main__":
    sys.exit(main())
