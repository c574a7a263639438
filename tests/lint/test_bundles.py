"""The files of `static/` are bundled completely."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from chat.views import service_worker
from imsite.bundles import ENTRIES, WIDGET_ENTRY, bundle_name
from imsite.bundles.store import bundle_directory
from imsite.widget_files import STYLE_SHEETS

ROOT = Path(settings.BASE_DIR)
# Modules that hold types only, and the one that other programs import.
_NOT_ON_PAGES = {"js/net/wire-types.js", "js/net/index.js"}


def bundled_files() -> Iterator[str]:
    directory = bundle_directory()
    for entry in ENTRIES:
        folder = entry.split("/")[0]
        for source in json.loads((directory / f"{bundle_name(entry)}.map").read_text())["sources"]:
            yield f"{folder}/{source}"


def test_every_script_and_style_sheet_belongs_to_a_page() -> None:
    templates = "".join(path.read_text() for path in ROOT.glob("templates/**/*.html"))
    named = set(re.findall(r"\{% (?:static|bundle) '([^']+)' %\}", templates))
    admin = set(re.findall(r'static\("([^"]+)"\)', (ROOT / "imsite/settings.py").read_text()))
    static = ROOT / "static"
    files = {str(path.relative_to(static)) for suffix in ("js", "css") for path in static.rglob(f"*.{suffix}")}

    # These are served under URLs of their own.
    named |= {WIDGET_ENTRY, *(f"css/{name}" for name in STYLE_SHEETS)}
    assert set(ENTRIES) <= named
    worker = {f"js/service-worker/{name}" for name in service_worker.PARTS}
    assert files - _NOT_ON_PAGES == (named | admin | worker | set(bundled_files())) & files
