"""The exports that can be imported, by the name of their format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chat.imports.folders import Folder, open_folder
from chat.imports.readers.archive import ArchiveExport
from chat.imports.readers.csv_tables import CsvExport
from chat.imports.readers.mattermost import MattermostExport
from chat.imports.readers.rocketchat import RocketChatExport
from chat.imports.readers.slack import SlackExport
from chat.imports.records import MALFORMED, Export, UnreadableExport

READERS: dict[str, Callable[[Folder], Export]] = {
    "slack": SlackExport,
    "mattermost": MattermostExport,
    "rocketchat": RocketChatExport,
    "csv": CsvExport,
    "imsite": ArchiveExport,
}


def open_export(format: str, path: Path) -> Export:
    """Return the export at the path, a directory or a ZIP file. Raises UnreadableExport."""
    folder = open_folder(path)
    try:
        return READERS[format](folder)
    except MALFORMED as error:
        raise UnreadableExport(f"The export has an unexpected structure: {type(error).__name__} {error}.") from error
