"""Reads the collections of a Rocket.Chat server as `mongoexport` writes them, a JSON document in each line.

It needs `users.json`, `rocketchat_room.json`, `rocketchat_subscription.json` and `rocketchat_message.json`. Files lie
in `files/<id>` if they are to be imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import IO, Any, Literal

from chat.imports.folders import Folder, read_lines
from chat.imports.records import (
    ChannelRecord,
    FileRecord,
    MemberRecord,
    MessageRecord,
    ReactionRecord,
    UnreadableExport,
    UserRecord,
)

_USERS, _ROOMS, _MEMBERS, _MESSAGES = (
    "users.json",
    "rocketchat_room.json",
    "rocketchat_subscription.json",
    "rocketchat_message.json",
)
_QUOTE = re.compile(r"\[ \]\(https?://[^\s()]*[?&]msg=([A-Za-z0-9]{1,64})\)\s*")
_Json = dict[str, Any]


class RocketChatExport:
    """The collections as a directory or ZIP file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._names = frozenset(folder.names())
        if missing := [name for name in (_USERS, _ROOMS, _MEMBERS, _MESSAGES) if name not in self._names]:
            raise UnreadableExport(f"This export of Rocket.Chat is incomplete: {', '.join(missing)} is missing.")
        self._ids = {user.get("username") or "": user["_id"] for user in read_lines(folder, _USERS)}

    def users(self) -> Iterator[UserRecord]:
        for user in read_lines(self._folder, _USERS):
            email: _Json = next(iter(user.get("emails") or ()), {})
            yield UserRecord(
                key=user["_id"],
                name=user.get("username") or user["_id"],
                nickname=user.get("name") or "",
                email=email.get("address") or "",
                owns_email=email.get("verified") is not False,
                kind="service" if user.get("type") in ("bot", "app") else "person",
                active=user.get("active") is not False,
            )

    def channels(self) -> Iterator[ChannelRecord]:
        members: dict[str, list[MemberRecord]] = {}
        for row in read_lines(self._folder, _MEMBERS):
            member = MemberRecord(user=(row.get("u") or {}).get("_id") or "", role=_role(row.get("roles") or ()))
            members.setdefault(row["rid"], []).append(member)
        for room in read_lines(self._folder, _ROOMS):
            kind = room.get("t")
            if kind not in ("c", "p", "d"):
                continue
            users = room.get("uids") or []
            # Users may have left the list of subscriptions, but not a conversation of two.
            both = [MemberRecord(user=user) for user in dict.fromkeys(users)]
            found = both if kind == "d" and both else members.get(room["_id"]) or both
            yield ChannelRecord(
                key=room["_id"],
                kind="private" if kind == "d" and len(found) <= 2 else "group",
                name="" if kind == "d" else room.get("fname") or room.get("name") or "",
                topic=room.get("topic") or "",
                description=room.get("description") or "",
                join="open" if kind == "c" else "closed",
                history="all",
                listed=kind == "c",
                closed=bool(room.get("archived")),
                members=found,
            )

    def messages(self) -> Iterator[MessageRecord]:
        for message in read_lines(self._folder, _MESSAGES):
            # Those with a type tell of joins, names and the like.
            if message.get("t") or message.get("_hidden"):
                continue
            sender = message.get("u") or {}
            quoted, text = _quote(message.get("msg") or "")
            yield MessageRecord(
                key=message["_id"],
                channel=message["rid"],
                sender=sender.get("_id") or sender.get("username") or "",
                time=_milliseconds(message["ts"]),
                text=text or _descriptions(message),
                reply_to=quoted,
                shown_as=message.get("alias") or "",
                thread=message.get("tmid") or "",
                in_channel=bool(message.get("tshow")),
                edited_at=_milliseconds(message["editedAt"]) if message.get("editedAt") else 0,
                pinned=bool(message.get("pinned")),
                files=self._files(message),
                reactions=[
                    ReactionRecord(
                        emoji=emoji, users=[self._ids.get(name, name) for name in row.get("usernames") or ()]
                    )
                    for emoji, row in (message.get("reactions") or {}).items()
                ],
            )

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return self._folder.open(path)

    def _files(self, message: _Json) -> list[FileRecord]:
        rows = message.get("files") or ([message["file"]] if message.get("file") else [])
        return [
            FileRecord(
                name=row.get("name") or "file",
                path=path if (path := f"files/{row.get('_id')}") in self._names else "",
                type=row.get("type") or "",
            )
            for row in rows
            if not (row.get("name") or "").startswith("thumb-")
        ]


def _role(roles: Any) -> Literal["owner", "admin", "member"]:
    return "owner" if "owner" in roles else "admin" if "moderator" in roles else "member"


def _quote(text: str) -> tuple[str, str]:
    """Return the key of the message that the text quotes, by a link without a label, and the text after that."""
    found = _QUOTE.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _descriptions(message: _Json) -> str:
    """Return the descriptions of the files, which a message with files has in place of a text."""
    return "\n".join(row["description"] for row in message.get("attachments") or () if row.get("description"))


def _milliseconds(time: Any) -> int:
    """Return a date of extended JSON as Unix milliseconds: `{"$date": …}` with a number, a text, or `$numberLong`."""
    value: Any = time["$date"] if isinstance(time, dict) else time
    if isinstance(value, dict):
        value = value["$numberLong"]
    if isinstance(value, str) and not value.removeprefix("-").isdigit():
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    return int(value)
