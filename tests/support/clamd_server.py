"""A server that speaks the INSTREAM command of ClamAV's daemon: `python -m tests.support.clamd_server PORT`.

It finds one virus, and refuses what is larger than MAX_BYTES in the words of the daemon.
"""

from __future__ import annotations

import socketserver
import struct
import sys
from typing import ClassVar

VIRUS = b"VIRUS-FOR-TESTS"
MAX_BYTES = 12 * 2**20


class Handler(socketserver.StreamRequestHandler):
    """Answers one command."""

    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := struct.unpack(">I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > MAX_BYTES:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.wfile.write(b"stream: Test-Virus FOUND\0" if VIRUS in content else b"stream: OK\0")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address: ClassVar[bool] = True  # type: ignore[misc]
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        server.serve_forever()
