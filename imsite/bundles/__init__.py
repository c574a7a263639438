"""Bundles: a page's ES modules in one script and its style sheets in one, made from `static/` without other programs.

The sources stay plain files that a browser can load one by one (`IM_STATIC_BUNDLES=0`). Bundles are files of their own
beside their entries, `js/main.bundle.js` beside `js/main.js`, which Django finds like any other static file
(`finder.py`). They are made when they are first needed and kept in `IM_DATA_DIR/bundles` (`store.py`).
"""

from __future__ import annotations

WIDGET_ENTRY = "js/widget.js"
"""The script of embedded channels, which `imsite.widget_files` serves."""
ENTRIES = ("js/main.js", WIDGET_ENTRY, "css/chat-page.css", "css/account-page.css", "css/api-docs-page.css")
"""Static files that are served as bundles with all that they import."""


class BundleError(ValueError):
    """A source file has something that cannot be bundled. The message names the file and the line."""


def bundle_name(entry: str) -> str:
    """Return the name of an entry's bundle: `js/main.bundle.js` for `js/main.js`."""
    stem, _, suffix = entry.rpartition(".")
    return f"{stem}.bundle.{suffix}"
