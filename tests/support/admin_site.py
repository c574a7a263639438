"""Lists every path of the admin from the site's URL patterns, so that pages added later are included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from django.apps import apps
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

NODES = "admin/nodes/"
PUBLIC_PATHS = {"admin/", "admin/logout/", "admin/jsi18n/", "admin/search/", "admin/autocomplete/", "admin/login/",
        "admin/password_change/", "admin/password_change/done/",
        "admin/r/<path:content_type_id>/<path:object_id>/"}  # fmt: skip
"""Django's own pages, which every user of the admin may open and which show none of the site's data."""


def patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in found:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, path)
        else:
            yield path


def admin_paths() -> list[str]:
    """Return all admin paths except PUBLIC_PATHS and the pages that list the models of an app."""
    found = [path for path in patterns(get_resolver().url_patterns) if path.startswith("admin/")]
    return [path for path in found if path not in PUBLIC_PATHS and "(?P<" not in path]


def row_of(model: str, rows: Mapping[str, int | str]) -> str:
    if model in rows:
        return str(rows[model])
    label, name = model.split("/")
    kind: type[Model] = apps.get_model(label, name)
    row = kind._default_manager.first()
    return str(row.pk) if row is not None else "0"


def request_for(path: str, rows: Mapping[str, int | str]) -> tuple[str, str, str]:
    """Return the URL, the model and the action: `list`, `add`, `change`, `history`, `delete` or an admin action."""
    parts = path.removeprefix("admin/").split("/")
    model = "/".join(parts[:2])
    rest = [part for part in parts[2:] if part]
    action = rest[-1] if rest and not rest[-1].startswith("<") else ("list" if not rest else "change")
    return "/" + re.sub(r"<[^>]+>", lambda _: row_of(model, rows), path), model, action
