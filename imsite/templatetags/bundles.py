"""Template tag for the scripts and style sheets of a page."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.templatetags.static import static

from imsite.bundles import ENTRIES, bundle_name

register = template.Library()


@register.simple_tag
def bundle(entry: str) -> str:
    """Return the URL of an entry's bundle, or of the entry itself if IM_STATIC_BUNDLES is off."""
    if entry not in ENTRIES:
        raise LookupError(f"{entry} is not in imsite.bundles.ENTRIES.")
    return static(bundle_name(entry) if settings.IM_STATIC_BUNDLES else entry)
