"""Readable browser names from User-Agent headers. Pure."""

from __future__ import annotations

import re

# The first match wins: many browsers also name the browsers they derive from.
_BROWSERS = (
    ("WeChat", r"MicroMessenger/"),
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux"),
)
_MAX_LENGTH = 512
"""Characters of the header that are searched."""


def browser_name(user_agent: str) -> str:
    """Return browser and system, such as `Firefox · Linux`; empty if neither is known."""
    searched = user_agent[:_MAX_LENGTH]
    names = [
        next((name for name, pattern in patterns if re.search(pattern, searched)), "")
        for patterns in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(name for name in names if name)
