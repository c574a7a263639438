"""Exports of other chat systems, written by tests, and their import."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from chat.imports.importer import import_export
from chat.imports.readers import open_export
from chat.imports.report import Report
from chat.models import Channel, Message


class NoBar:
    """A progress bar that shows nothing."""

    def update(self, n: int, /) -> None:
        pass


def open_no_bar(what: str, total: int | None) -> AbstractContextManager[NoBar]:
    return nullcontext(NoBar())


def run_import(format: str, path: Path, *, source: str = "", dry_run: bool = False) -> Report:
    return import_export(open_export(format, path), source=source or format, open_bar=open_no_bar, dry_run=dry_run)


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_lines(path: Path, *rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def texts(channel: Channel) -> list[str]:
    """Return the texts of a channel in the order of their numbers, which have no gap."""
    rows = list(Message.objects.filter(channel=channel).order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert channel.last_seq == len(rows)
    return [row.text for row in rows]
