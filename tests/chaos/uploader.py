"""A user who sends small files all the time, and reads them all in the end."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from imsite.client import Attachment, Client, ClientError, OutgoingFile, Refused
from tests.support.oracle import MemberRecord
from tests.support.shared_site import Account

_PAUSE_SECONDS = 0.5
_SECONDS = 10.0
"""Seconds after which a file is given up."""


class Uploader:
    """Its journal has the key of each message, and the content of its file. `urls` are those of the nodes."""

    def __init__(self, account: Account, urls: Sequence[str]) -> None:
        self.account = account
        self.channel = ""
        self.record = MemberRecord(account.name, ())
        self._urls = urls
        self.files: list[tuple[Attachment, bytes]] = []
        """Files of acknowledged messages, with their contents."""

    @property
    def attempts(self) -> int:
        """Return the number of files that were sent or given up."""
        return len(self.files) + len(self.record.abandoned)

    async def upload_all_the_time(self, enough: asyncio.Event) -> None:
        """Send one file after the other. A file that no node takes in time is given up."""
        for number, url in enumerate(itertools.cycle(self._urls)):
            if enough.is_set():
                return
            await self._send(url, f"{self.account.name}.{number}", f"File {number} of {time.time_ns()}".encode() * 9)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _send(self, url: str, key: str, content: bytes) -> None:
        self.record.sent.add(key)
        try:
            async with asyncio.timeout(_SECONDS), Client(url, token=self.account.token) as client:
                attachment = await client.upload(OutgoingFile(content, "notes.txt"))
                async with client.listen() as connection:
                    sent = await connection.send(
                        f"0 {key}", target=self.channel, attachments=[attachment], idempotency_key=key
                    )
        except (TimeoutError, ClientError) as error:
            self.record.abandoned.add(key)
            self.record.refused += isinstance(error, Refused) and not error.is_transient
        else:
            self.record.acknowledged.append((key, sent.target, sent.seq))
            self.files.append((attachment, content))

    async def check_files(self, member_token: str, stranger_token: str) -> None:
        """Read each file as a member and as a stranger. Files that are not as they were sent are counted."""
        async with (
            Client(self._urls[0], token=member_token, retry_seconds=0) as member,
            Client(self._urls[0], token=stranger_token, retry_seconds=0) as stranger,
        ):
            for attachment, content in self.files:
                self.record.wrong_files += await _read(member, attachment) != content
                self.record.wrong_files += await _read(stranger, attachment) is not None


async def _read(client: Client, attachment: Attachment) -> bytes | None:
    """Return the content of the file, None if the site refuses it."""
    try:
        return await client.download(attachment)
    except ClientError:
        return None
