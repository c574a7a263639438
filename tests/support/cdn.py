"""A host of static files on an origin of its own: it lets pages of all origins load them, as a CDN does."""

from __future__ import annotations

from pathlib import Path

from tests.support.object_storage import find_binary
from tests.support.ports import free_port
from tests.support.processes import ContextProcess


class Cdn(ContextProcess):
    """Serves a directory."""

    def __init__(self, directory: Path, log: Path) -> None:
        super().__init__("CDN", free_port(), log)
        self._directory = directory

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        binary = find_binary()
        assert binary, "there is no rclone on this machine"
        listen = ("--addr", f"127.0.0.1:{self.port}", "--allow-origin", "*")
        self.launch([binary, "serve", "http", *listen, str(self._directory)])
