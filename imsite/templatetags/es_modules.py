"""ES modules in a page's head."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from imsite.es_modules import needed

register = template.Library()


@register.simple_tag
def module_script(entry: str) -> SafeString:
    """A module's script element, and word to the browser of all that it imports, so that it asks for that at once."""
    return format_html(
        '<script type="module" src="{}"></script>{}',
        static(entry),
        format_html_join("", '\n  <link rel="modulepreload" href="{}">', ((static(name),) for name in needed(entry))),
    )
