"""`manage.py serve`: the site, on uvicorn."""

from __future__ import annotations

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from imsite.options import DEVELOPMENT, read


class Command(BaseCommand):
    help = "Serve the site: pages, WebSockets and the node behind them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=read("HOST"))
        parser.add_argument("--port", type=int, default=read("PORT"))

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        if DEVELOPMENT and host not in ("127.0.0.1", "localhost", "::1"):
            self.stderr.write(
                self.style.WARNING(
                    f"Listening on {host} with the relaxed settings of a development start. "
                    "For others to use the site, set IM_ENV=production."
                )
            )
        uvicorn.run(
            "imsite.asgi:application",
            host=host,
            port=port,
            loop="uvloop",
            http="imsite.http:HttpProtocol",
            ws="imsite.websocket:WebSocketProtocol",
            ws_max_size=settings.IM_MAX_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=settings.IM_PING_INTERVAL,
            ws_ping_timeout=settings.IM_PING_INTERVAL,
            lifespan="on",
            proxy_headers=bool(settings.IM_TRUSTED_PROXIES),
            forwarded_allow_ips=settings.IM_TRUSTED_PROXIES or None,
            timeout_graceful_shutdown=3,
            server_header=False,
            access_log=False,
            log_level="warning",
        )
