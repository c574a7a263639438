"""Template tag that shows a channel on another page of the same Django site."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html

register = template.Library()


@register.simple_tag
def imsite_widget(channel: object, mode: str = "chat", **attributes: Any) -> str:
    """Return the script element that shows the channel to the user who is signed in.

    `mode`: "chat", "comments" or "badge". Further arguments become attributes of the widget: `theme="dark"`,
    `lang="zh"`, and `floating=True`.
    """
    data = {"channel": channel, "mode": mode, **attributes}
    named = {f"data-{name.replace('_', '-')}": "" if value is True else str(value) for name, value in data.items()}
    return format_html('<script src="{}"{} async></script>', reverse("widget-script"), flatatt(named))
