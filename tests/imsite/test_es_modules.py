"""A page preloads exactly the modules that its scripts import, and each exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.test import Client

from accounts.actions import app_create
from accounts.models import App
from imsite.es_modules import imported_modules

FILES = {
    "app/main.js": """/** Begins. @import { Later } from "./told-of.js" */
import { a } from "./a.js";
import {
  b,
  c as d,
} from './parts/b.js';
import "./alone.js";
export { e } from "./again.js";
import * as all from "./all.js";
/** @param {import("./type-only.js").Type} type */
export function f(type) {
  const text = `
  import { no } from "./text.js"`;
  return import("./later.js");
}
""",
    "app/a.js": 'import { b } from "./parts/b.js";\nexport const a = b;\n',
    "app/parts/b.js": 'import { a } from "../a.js";\nimport { f } from "../main.js";\nexport const b = 1;\n',
    "app/alone.js": 'export const word = "x";\nexport default function from() { return "./no.js"; }\n',
    "app/again.js": 'export * from "./deep.js";\n',
    "app/deep.js": "",
    "app/all.js": "",
    "app/later.js": "",
}


@pytest.fixture
def files(tmp_path: Path, settings: LazySettings) -> Path:
    """Create a static directory with these files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    settings.STATICFILES_DIRS = [tmp_path]
    return tmp_path


def test_imported_modules_are_listed_once_nearest_first(files: Path) -> None:
    assert imported_modules("app/main.js") == (
        "app/a.js",
        "app/parts/b.js",
        "app/alone.js",
        "app/again.js",
        "app/all.js",
        "app/deep.js",
    )


def test_new_imports_are_found_at_once_in_development(files: Path) -> None:
    assert imported_modules("app/deep.js") == ()

    (files / "app/deep.js").write_text('import "./later.js";\n')

    assert imported_modules("app/deep.js") == ("app/later.js",)


def test_an_import_of_a_missing_file_is_reported(files: Path) -> None:
    (files / "app/deep.js").write_text('import { x } from "./missing.js";\n')

    with pytest.raises(LookupError, match=re.escape("app/missing.js")):
        imported_modules("app/main.js")


@pytest.mark.parametrize("address", ["library", "/static/x.js", "https://elsewhere.example/x.js"])
def test_only_path_imports_are_followed(files: Path, address: str) -> None:
    (files / "app/deep.js").write_text(f'import {{ x }} from "{address}";\n')

    with pytest.raises(LookupError, match=re.escape(address)):
        imported_modules("app/main.js")


def test_preload_urls_match_the_urls_of_the_scripts(files: Path) -> None:
    page = Template("{% load es_modules %}{% module_script 'app/again.js' %}").render(Context())

    assert page.splitlines() == [
        '<script type="module" src="/static/app/again.js"></script>',
        '  <link rel="modulepreload" href="/static/app/deep.js">',
    ]


@pytest.mark.django_db
def test_the_chat_page_preloads_existing_modules(client: Client) -> None:
    if not App.objects.filter(number=101).exists():
        app_create(number=101, name="Web")
    page = client.get("/").content.decode()
    told = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', page)

    assert tuple(told) == imported_modules("js/main.js")
    assert len(set(told)) == len(told) > 30 and "js/main.js" not in told
    assert all(finders.find(name) for name in told)
