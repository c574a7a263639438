"""The Python client is a package of its own: it imports itself by relative paths, and no more than it declares."""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENT = ROOT / "imsite/client"


def _project(path: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return project


def _absolute_imports(source: str) -> Iterator[str]:
    """Yield the top-level names that a module imports, without relative imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


def _names(requirements: list[str]) -> set[str]:
    return {requirement.partition(">")[0] for requirement in requirements}


def test_the_client_imports_what_it_declares() -> None:
    imported = {name for path in CLIENT.glob("*.py") for name in _absolute_imports(path.read_text(encoding="utf-8"))}
    assert imported - sys.stdlib_module_names == _names(_project(CLIENT / "pyproject.toml")["dependencies"])


def test_the_client_is_one_folder() -> None:
    assert not [path for path in CLIENT.glob("*/**/*.py") if "__pycache__" not in path.parts]


def test_all_packages_have_one_version_licence_and_python() -> None:
    site = _project(ROOT / "pyproject.toml")
    python = _project(CLIENT / "pyproject.toml")
    javascript = json.loads((ROOT / "static/js/net/package.json").read_text(encoding="utf-8"))
    assert {project["version"] for project in (site, python, javascript)} == {site["version"]}
    assert {project["license"] for project in (site, python, javascript)} == {site["license"]}
    assert python["requires-python"] == site["requires-python"]
    assert set(python["dependencies"]) <= set(site["dependencies"])
