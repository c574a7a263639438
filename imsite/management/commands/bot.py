"""`manage.py bot`: run the example bot against a running site."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.bots import helper_bot
from imsite.client import Client, ClientError


class Command(BaseCommand):
    help = "Run the example bot, which answers /help, /roll and /who. Requires the token of a service in a file."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="URL of the site")
        parser.add_argument("--token-file", type=Path, required=True, help="file that contains only the token")
        parser.add_argument("--app", type=int, default=101, help="number of the app to log in to")
        parser.add_argument(
            "--state-file",
            type=Path,
            help="file in which the bot stores its position, to answer messages it missed while it was not running",
        )

    def handle(self, *args: Any, url: str, token_file: Path, app: int, state_file: Path | None, **options: Any) -> None:
        try:
            token = token_file.read_text().strip()
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(_run(url, token, app, state_file))
        except (OSError, ClientError) as error:
            raise CommandError(str(error)) from error


async def _run(url: str, token: str, app: int, state_file: Path | None) -> None:
    after = helper_bot.load_position(state_file) if state_file is not None else None
    async with Client(url, token=token) as im, im.listen(app=app, after=after) as connection:
        await helper_bot.run(connection, state_file)
