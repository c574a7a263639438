"""Reads an export of a Slack workspace.

Its structure is described in Slack's help, "How to read Slack data exports": lists of users and conversations, and a
directory for each conversation with a file for each day. Slack leaves the files of messages out; programs that add them
put them into `__uploads/<id>/<name>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

from chat.imports.folders import Folder, read_json
from chat.imports.readers.slack_content import content_text
from chat.imports.records import (
    ChannelRecord,
    FileRecord,
    MemberRecord,
    MessageRecord,
    ReactionRecord,
    UnreadableExport,
    UserRecord,
)
from chat.webhooks.incoming import slack_text

_WRITTEN = frozenset({None, "", "bot_message", "file_comment", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of messages that somebody has written. The others tell of joins, names and the like."""
_ROOTS = {"huddle_thread": "A huddle started", "tombstone": "This message was deleted."}
"""Subtypes that are taken over as the first messages of threads, and their texts."""
_SLACKBOT = "USLACKBOT"
_USER = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>\n]*)?>")
_KINDS = {"channels.json": "open", "groups.json": "closed", "mpims.json": "closed", "dms.json": "private"}
_Json = dict[str, Any]


class SlackExport:
    """An export as a directory or ZIP file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._names = frozenset(folder.names())
        if "users.json" not in self._names or not _KINDS.keys() & self._names:
            raise UnreadableExport("This is no export of Slack: users.json or channels.json is missing.")
        self._user_list = read_json(folder, "users.json", list[_Json])
        self._user_names = {user["id"]: user.get("name") or user["id"] for user in self._user_list}

    def users(self) -> Iterator[UserRecord]:
        for user in self._user_list:
            profile = user.get("profile") or {}
            yield UserRecord(
                key=user["id"],
                name=user.get("name") or user["id"],
                nickname=profile.get("display_name") or profile.get("real_name") or user.get("real_name") or "",
                email=profile.get("email") or "",
                kind="service" if user.get("is_bot") or user["id"] == _SLACKBOT else "person",
                active=not user.get("deleted", False),
            )

    def channels(self) -> Iterator[ChannelRecord]:
        for file, join, channel in self._channel_list():
            creator = channel.get("creator")
            yield ChannelRecord(
                key=channel["id"],
                kind="private" if join == "private" else "group",
                name="" if file == "mpims.json" else channel.get("name") or "",
                topic=self._plain((channel.get("topic") or {}).get("value") or ""),
                description=self._plain((channel.get("purpose") or {}).get("value") or ""),
                join="open" if join == "open" else "closed",
                history="all",
                listed=join == "open",
                closed=bool(channel.get("is_archived")),
                members=[
                    MemberRecord(user=member, role="owner" if member == creator else "member")
                    for member in channel.get("members") or ()
                ],
            )

    def messages(self) -> Iterator[MessageRecord]:
        days: dict[str, list[str]] = {}
        for path in sorted(self._names):
            directory, _, name = path.rpartition("/")
            if name.endswith(".json"):
                days.setdefault(directory, []).append(path)
        for file, _, channel in self._channel_list():
            directory = channel["id"] if file == "dms.json" else channel.get("name") or channel["id"]
            pinned = {pin.get("id") for pin in channel.get("pins") or ()}
            for path in days.get(directory, ()):
                for message in read_json(self._folder, path, list[_Json]):
                    if message.get("type") == "message" and _is_written(message) and message.get("ts"):
                        yield self._message(channel["id"], message, pinned)

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return self._folder.open(path)

    def _channel_list(self) -> Iterator[tuple[str, str, _Json]]:
        for file, join in _KINDS.items():
            if file in self._names:
                for channel in read_json(self._folder, file, list[_Json]):
                    yield file, join, channel

    def _message(self, channel: str, message: _Json, pinned: set[str | None]) -> MessageRecord:
        ts, thread = message["ts"], message.get("thread_ts") or ""
        bot = message.get("subtype") == "bot_message"
        name = message.get("username") or (message.get("user_profile") or {}).get("display_name") or ""
        return MessageRecord(
            key=f"{channel}/{ts}",
            channel=channel,
            sender=message.get("user") or message.get("bot_id") or name,
            time=_milliseconds(ts),
            text=content_text(message, self._plain) or _ROOTS.get(message.get("subtype") or "", ""),
            action=message.get("subtype") == "me_message",
            shown_as=name if bot or message.get("user") not in self._user_names else "",
            thread=f"{channel}/{thread}" if thread and thread != ts else "",
            in_channel=message.get("subtype") == "thread_broadcast",
            edited_at=_milliseconds((message.get("edited") or {}).get("ts") or "0"),
            pinned=ts in pinned,
            files=[
                FileRecord(name=file.get("name") or "file", path=self._path(file), type=file.get("mimetype") or "")
                for file in message.get("files") or ()
                if file.get("mode") != "tombstone"
            ],
            reactions=[
                ReactionRecord(emoji=reaction.get("name") or "", users=reaction.get("users") or [])
                for reaction in message.get("reactions") or ()
            ],
        )

    def _path(self, file: _Json) -> str:
        path = f"__uploads/{file.get('id')}/{file.get('name')}"
        return path if path in self._names else ""

    def _plain(self, text: str) -> str:
        return slack_text.markdown(self._with_names(text))

    def _with_names(self, text: str) -> str:
        """Return the text with the names of mentioned users in place of their ids."""
        return _USER.sub(lambda found: f"@{self._user_names.get(found[1], found[1])}", text)


def _is_written(message: _Json) -> bool:
    subtype = message.get("subtype")
    return subtype in _WRITTEN or (subtype in _ROOTS and bool(message.get("thread_ts")))


def _milliseconds(ts: str) -> int:
    """Return the time of a `ts`, seconds with six decimals, as Unix milliseconds."""
    seconds, _, rest = ts.partition(".")
    return int(seconds or 0) * 1000 + int((rest + "000")[:3])
