"""`manage.py serve`: the site on uvicorn, in one or several processes."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.database_checks import require_migrated
from imsite.options import DEVELOPMENT, read
from imsite.redis_checks import require_usable_redis
from imsite.server import runner
from imsite.server.local_url import UNIX_PREFIX
from imsite.server.workers import run_workers
from imsite.translations import compile_translations

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_CONNECT_TIMEOUT_SECONDS = 2.0


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
        require_usable_redis()
        # Each host has its own.
        compile_translations()
        if workers == 1:
            if is_unix:
                _require_unused(host.removeprefix(UNIX_PREFIX))
            runner.run(host, port, quiet=options["verbosity"] == 0)
            return
        if is_unix:
            raise CommandError("A Unix socket belongs to one process: start one for each, with --workers 1.")
        if workers < 1:
            raise CommandError("--workers must be 1 or more.")
        if not settings.REDIS_URL:
            raise CommandError("Several workers form a cluster, which requires Redis: set REDIS_URL.")
        sys.exit(run_workers(host, port, workers, write=self.stderr.write))


def _require_unused(path: str) -> None:
    """Raise CommandError if another process listens on the Unix socket: the server would take its place unnoticed."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_CONNECT_TIMEOUT_SECONDS)
            client.connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        # There is none, or one that a killed process has left.
        if not Path(path).absolute().parent.is_dir():
            raise CommandError(f"HOST: there is no directory for the socket {path}.") from None
    except OSError as error:
        raise CommandError(f"HOST: {path} cannot be a socket: {error}.") from None
    else:
        raise CommandError(f"HOST: another process listens on {path}.")
