"""The exports that can be imported, by the name of their format."""

from __future__ import annotations

from collections.abc import Callable

from chat.imports.folders import Folder
from chat.imports.readers.archive import ArchiveExport
from chat.imports.readers.csv_tables import CsvExport
from chat.imports.readers.mattermost import MattermostExport
from chat.imports.readers.rocketchat import RocketChatExport
from chat.imports.readers.slack import SlackExport
from chat.imports.records import Export

READERS: dict[str, Callable[[Folder], Export]] = {
    "slack": SlackExport,
    "mattermost": MattermostExport,
    "rocketchat": RocketChatExport,
    "csv": CsvExport,
    "imsite": ArchiveExport,
}
