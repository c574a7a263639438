"""Template tag for ES modules in a page's head."""

from __future__ import annotations

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from imsite.es_modules import imported_modules

register = template.Library()


@register.simple_tag
def module_script(entry: str) -> SafeString:
    """Return the script element of a module, and preload links for all modules that it imports."""
    return format_html(
        '<script type="module" src="{}"></script>{}',
        static(entry),
        format_html_join(
            "", '\n  <link rel="modulepreload" href="{}">', ((static(name),) for name in imported_modules(entry))
        ),
    )
