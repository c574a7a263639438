"""A virus scanner as a process, on a free loopback port."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.ports import free_port
from tests.support.processes import Process


class Scanner(Process):
    """Runs `tests.support.clamd_server`. It can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        super().__init__("the virus scanner", free_port(), directory / "scanner.log")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.launch([sys.executable, "-m", "tests.support.clamd_server", str(self.port)])
