"""A user who sends small files by the REST API all the time, and reads them all in the end."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from typing import Any

from imsite.client import Attachment, Client, OutgoingFile, Recipient, Refused, Unreachable
from tests.support.oracle import MemberRecord
from tests.support.shared_site import Account

_PAUSE_SECONDS = 0.5
_CALL_SECONDS = 5.0


class Uploader:
    """Its journal has the key of each message, and the content of its file. `urls` are those of the nodes."""

    def __init__(self, account: Account, urls: Sequence[str]) -> None:
        self.account = account
        self.channel = ""
        self.record = MemberRecord(account.name, ())
        self._urls = urls
        self._files: dict[str, bytes] = {}
        """Contents by id of the acknowledged message."""

    async def upload_all_the_time(self, enough: asyncio.Event) -> None:
        """Send one file after the other. A file that no node takes in time is given up."""
        for number, url in enumerate(itertools.cycle(self._urls)):
            if enough.is_set():
                return
            await self._send(url, f"{self.account.name}.{number}", f"File {number} of {time.time_ns()}".encode() * 9)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _send(self, url: str, key: str, content: bytes) -> None:
        self.record.sent.add(key)
        file = OutgoingFile(content, "notes.txt")
        to = Recipient.channel(self.channel)
        async with Client(url, token=self.account.token, timeout=_CALL_SECONDS, retry_seconds=_CALL_SECONDS) as client:
            try:
                [sent] = await client.send(f"0 {key}", to=to, files=[file], idempotency_key=key)
            except Unreachable:
                self.record.abandoned.add(key)
            except Refused as error:
                self.record.abandoned.add(key)
                self.record.refused += not error.is_transient
            else:
                self.record.acknowledged.append((key, sent.target, sent.seq))
                self._files[sent.id] = content

    async def check_files(self, member_token: str, stranger_token: str) -> None:
        """Read each file as a member and as a stranger. Files that are not as they were sent are counted."""
        async with (
            Client(self._urls[0], token=member_token, retry_seconds=0) as member,
            Client(self._urls[0], token=stranger_token, retry_seconds=0) as stranger,
        ):
            for id, content in self._files.items():
                self.record.wrong_files += await _read(member, id) != content
                self.record.wrong_files += await _read(stranger, id) is not None


async def _read(client: Client, id: str) -> bytes | None:
    """Return the content of the file of this message, None if the site refuses it."""
    try:
        message: Any = await client.call("GET", f"messages/{id}/")
        return await client.download(Attachment.from_json(message["attachments"][0]))
    except (Refused, Unreachable):
        return None
