"""`manage.py serve`: the site, on uvicorn, in one process or several."""

from __future__ import annotations

import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.database_checks import require_migrated
from imsite.options import DEVELOPMENT, read
from imsite.server import runner
from imsite.server.workers import run_workers


class Command(BaseCommand):
    help = "Serve the site: pages, WebSockets and the node behind them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=read("HOST"))
        parser.add_argument("--port", type=int, default=read("PORT"))
        parser.add_argument(
            "--workers", type=int, default=read("IM_WORKERS"), help="Processes, each a node; the nth also on port + n."
        )
        # For workers: sockets that their parent listens on.
        parser.add_argument("--fd", type=int, action="append", default=[], help="Serve a socket that listens already.")

    def handle(self, *args: Any, host: str, port: int, workers: int, fd: list[int], **options: Any) -> None:
        if fd:
            runner.run(host, port, sockets=[socket.socket(fileno=number) for number in fd], quiet=True)
            return
        require_migrated()
        if DEVELOPMENT and host not in ("127.0.0.1", "localhost", "::1"):
            self.stderr.write(
                self.style.WARNING(
                    f"Listening on {host} with the relaxed settings of a development start. "
                    "For others to use the site, set IM_ENV=production."
                )
            )
        if workers == 1:
            runner.run(host, port, quiet=options["verbosity"] == 0)
            return
        if workers < 1:
            raise CommandError("--workers is 1 or more.")
        if not settings.REDIS_URL:
            raise CommandError("Several workers are several nodes, which meet over Redis: set REDIS_URL.")
        sys.exit(run_workers(host, port, workers, say=self.stderr.write))
