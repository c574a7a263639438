"""Template tags for the scripts and style sheets of a page."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html

from imsite.bundles import ENTRIES, bundle_name

register = template.Library()


@register.simple_tag
def bundle(entry: str) -> str:
    """Return the URL of an entry's bundle, or of the entry itself if IM_STATIC_BUNDLES is off."""
    if entry not in ENTRIES:
        raise LookupError(f"{entry} is not in imsite.bundles.ENTRIES.")
    return static(_file(entry))


@register.simple_tag
def integrity(name: str) -> str:
    """Return the attributes, after a blank, by which a browser accepts only this content of a file from another host.

    Empty without IM_STATIC_URL. `name` may be an entry, whose bundle it then is.
    """
    if not settings.IM_STATIC_URL:
        return ""
    return format_html(' crossorigin="anonymous" integrity="{}"', _digest(_file(name)))


@cache
def _digest(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise LookupError(f"There is no static file {name}.")
    return "sha384-" + base64.b64encode(hashlib.sha384(Path(path).read_bytes()).digest()).decode()


def _file(name: str) -> str:
    """Return the name of the file that a page loads: an entry's bundle, unless IM_STATIC_BUNDLES is off."""
    return bundle_name(name) if name in ENTRIES and settings.IM_STATIC_BUNDLES else name
