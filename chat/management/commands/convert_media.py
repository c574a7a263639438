"""`manage.py convert_media`: turn pictures and voice messages of former versions into attachments."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from chat.actions.media_conversion import message_convert, unconverted_ids, unconverted_messages
from chat.errors import ChatError


class Command(BaseCommand):
    help = (
        "Give the pictures and voice messages that former versions stored in the message's row a file instead. The site"
        " may run meanwhile. A run that was interrupted goes on with the next one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # None: only on a terminal.
        hidden = None if options["verbosity"] > 0 else True
        converted, refused = 0, 0
        total = unconverted_messages().count()
        with tqdm(unconverted_ids(), total=total, unit="message", disable=hidden, file=self.stderr) as messages:
            for message_id in messages:
                try:
                    converted += message_convert(message_id=message_id)
                except ChatError as error:
                    refused += 1
                    self.stderr.write(f"Message {message_id}: {error}")
        self.stdout.write(f"Converted {converted} messages; {refused} could not be converted.")
