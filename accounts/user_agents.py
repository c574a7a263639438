"""What a browser says it is, in words that its owner recognises. Pure."""

from __future__ import annotations

import re

# The first that matches counts: many browsers name those that they descend from as well.
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
_LONGEST = 512


def browser_name(user_agent: str) -> str:
    """For instance `Firefox · Linux`; empty for what says nothing that is known."""
    said = user_agent[:_LONGEST]
    known = [next((name for name, mark in names if re.search(mark, said)), "") for names in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in known if name)
