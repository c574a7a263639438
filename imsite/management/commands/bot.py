"""`manage.py bot`: the example bot, connected to a running site like anybody else."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from imsite.bots import helper_bot
from imsite.client import Client, ClientError


class Command(BaseCommand):
    help = "Runs the example bot: /help, /roll, /who. It needs a token of a service, in a file."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Where the site is.")
        parser.add_argument("--token-file", type=Path, required=True, help="A file that holds nothing but the token.")
        parser.add_argument("--app", type=int, default=101, help="The app whose room it is in.")
        parser.add_argument("--place", type=Path, help="A file in which it keeps how far it has come.")

    def handle(self, *args: Any, url: str, token_file: Path, app: int, place: Path | None, **options: Any) -> None:
        try:
            token = token_file.read_text().strip()
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(_run(url, token, app, place))
        except (OSError, ClientError) as error:
            raise CommandError(str(error)) from error


async def _run(url: str, token: str, app: int, place: Path | None) -> None:
    after = helper_bot.remembered(place) if place is not None else None
    async with Client(url, token=token) as im, im.listen(app=app, after=after) as line:
        await helper_bot.listen(line, place)
