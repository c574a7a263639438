"""Reads a bulk export of Mattermost (`mmctl export create`): a file of JSON lines, and `data/` with the files.

The lines are described in Mattermost's documentation, "Bulk loading data".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import PurePosixPath
from typing import IO, Any

from chat.imports.folders import Folder, read_lines
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

_Json = dict[str, Any]


class MattermostExport:
    """An export as a directory or ZIP file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._names = folder.names()
        found = [name for name in self._names if name.endswith(".jsonl")]
        if len(found) != 1:
            raise UnreadableExport("This is no bulk export of Mattermost: it must contain one .jsonl file.")
        self._path = found[0]
        first = next(read_lines(folder, self._path), None)
        if not isinstance(first, dict) or first.get("type") != "version":
            raise UnreadableExport(f"{self._path}, line 1: a bulk export of Mattermost begins with its version.")

    def users(self) -> Iterator[UserRecord]:
        for user in self._lines("user"):
            full_name = f"{user.get('first_name') or ''} {user.get('last_name') or ''}".strip()
            yield UserRecord(
                key=user["username"],
                name=user["username"],
                nickname=user.get("nickname") or full_name,
                email=user.get("email") or "",
                active=not user.get("delete_at"),
            )
        for bot in self._lines("bot"):
            yield UserRecord(
                key=bot["username"],
                name=bot["username"],
                nickname=bot.get("display_name") or "",
                kind="service",
                active=not bot.get("delete_at"),
            )

    def channels(self) -> Iterator[ChannelRecord]:
        members: dict[str, list[MemberRecord]] = {}
        for user in self._lines("user"):
            for team in user.get("teams") or ():
                for channel in team.get("channels") or ():
                    is_admin = "channel_admin" in (channel.get("roles") or "")
                    member = MemberRecord(user=user["username"], role="owner" if is_admin else "member")
                    members.setdefault(_channel_key(team["name"], channel["name"]), []).append(member)
        for channel in self._lines("channel"):
            key, is_open = _channel_key(channel.get("team") or "", channel["name"]), channel.get("type") == "O"
            yield ChannelRecord(
                key=key,
                name=channel.get("display_name") or channel["name"],
                topic=channel.get("header") or "",
                description=channel.get("purpose") or "",
                join="open" if is_open else "closed",
                history="all",
                listed=is_open,
                closed=bool(channel.get("deleted_at")),
                members=members.get(key, []),
            )
        for direct in self._lines("direct_channel"):
            names = [member["username"] for member in direct.get("participants") or ()] or direct.get("members") or []
            yield ChannelRecord(
                key=_direct_key(names),
                kind="private" if len(set(names)) <= 2 else "group",
                join="closed",
                history="all",
                members=[MemberRecord(user=name) for name in dict.fromkeys(names)],
            )

    def messages(self) -> Iterator[MessageRecord]:
        for post in self._lines("post"):
            yield from self._posts(_channel_key(post.get("team") or "", post["channel"]), post)
        for post in self._lines("direct_post"):
            yield from self._posts(_direct_key(post["channel_members"]), post)

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        return self._folder.open(path)

    def _lines(self, kind: str) -> Iterator[_Json]:
        for line in read_lines(self._folder, self._path):
            if line.get("type") == kind:
                yield line.get(kind) or {}

    def _posts(self, channel: str, post: _Json) -> Iterator[MessageRecord]:
        if (post.get("type") or "").startswith("system_"):
            return
        root = self._message(channel, post, "")
        yield root
        for answer in post.get("replies") or ():
            yield self._message(channel, answer, root.key)

    def _message(self, channel: str, post: _Json, thread: str) -> MessageRecord:
        return MessageRecord(
            key=_post_key(channel, post),
            channel=channel,
            sender=post.get("user") or "",
            time=int(post["create_at"]),
            text=_text(post),
            action=post.get("type") == "me",
            shown_as=str((post.get("props") or {}).get("override_username") or ""),
            thread=thread,
            # Mattermost shows answers in the channel too.
            in_channel=True,
            edited_at=int(post.get("edit_at") or 0),
            pinned=bool(post.get("is_pinned")),
            files=[self._file(file["path"]) for file in post.get("attachments") or () if file.get("path")],
            reactions=_reactions(post.get("reactions") or ()),
        )

    def _file(self, path: str) -> FileRecord:
        found = next((name for name in (path, f"data/{path}") if name in self._names), "")
        return FileRecord(name=PurePosixPath(path).name, path=found)


def _channel_key(team: str, name: str) -> str:
    return f"{team}/{name}"


def _direct_key(names: list[str]) -> str:
    return "direct:" + ",".join(sorted(set(names)))


def _post_key(channel: str, post: _Json) -> str:
    """Return a key for a post. The export has no ids; Mattermost itself tells posts apart by these fields."""
    text = "\0".join((channel, post.get("user") or "", str(post["create_at"]), post.get("message") or ""))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _text(post: _Json) -> str:
    """Return the message and its attachments, which have Slack's fields with Markdown as their texts."""
    own = post.get("message") or ""
    attached = content_text({"attachments": (post.get("props") or {}).get("attachments")}, str)
    return "\n".join(part for part in (own, attached) if part)


def _reactions(rows: Any) -> list[ReactionRecord]:
    users: dict[str, list[str]] = {}
    for row in rows:
        users.setdefault(row["emoji_name"], []).append(row["user"])
    return [ReactionRecord(emoji=emoji, users=names) for emoji, names in users.items()]
