"""`manage.py serve`: the site on uvicorn, in one or several processes."""

from __future__ import annotations

import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.database_checks import require_migrated
from imsite.options import DEVELOPMENT, read
from imsite.server import runner
from imsite.server.local_url import UNIX_PREFIX
from imsite.server.workers import run_workers

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class Command(BaseCommand):
    help = "Serve the site: pages, HTTP calls and WebSockets."
    # Of the settings only. The other checks are of the code, take 0.3 s and 20 MB, and run with every other command.
    requires_system_checks = ("imsite",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=read("HOST"), help="address to listen on (default: HOST)")
        parser.add_argument("--port", type=int, default=read("PORT"), help="port to listen on (default: PORT)")
        parser.add_argument(
            "--workers",
            type=int,
            default=read("IM_WORKERS"),
            help="processes to start, each a node; the nth also listens on port + n (default: IM_WORKERS)",
        )
        # Worker processes use it to inherit sockets.
        parser.add_argument(
            "--fd", type=int, action="append", default=[], help="file descriptor of a listening socket to serve"
        )

    def handle(self, *args: Any, host: str, port: int, workers: int, fd: list[int], **options: Any) -> None:
        if fd:
            runner.run(host, port, sockets=[socket.socket(fileno=number) for number in fd], quiet=True)
            return
        require_migrated()
        is_unix = host.startswith(UNIX_PREFIX)
        if DEVELOPMENT and not is_unix and host not in LOOPBACK_HOSTS:
            self.stderr.write(
                self.style.WARNING(
                    f"Listening on {host} with the relaxed defaults of a development start. "
                    "Set IM_ENV=production before others use the site."
                )
            )
        if workers == 1:
            runner.run(host, port, quiet=options["verbosity"] == 0)
            return
        if is_unix:
            raise CommandError("A Unix socket belongs to one process: start one for each, with --workers 1.")
        if workers < 1:
            raise CommandError("--workers must be 1 or more.")
        if not settings.REDIS_URL:
            raise CommandError("Several workers form a cluster, which requires Redis: set REDIS_URL.")
        sys.exit(run_workers(host, port, workers, write=self.stderr.write))
