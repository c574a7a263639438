"""Every locked package that the site installs has a licence under which it may be run and passed on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ALLOWED = {
    "apache", "bsd", "cmu", "isc", "lgpl", "mit", "mpl", "psf", "tcl", "unlicense", "zpl",
}  # fmt: skip
"""Families of licences. LGPL and MPL ask for the source of changes to the package itself, which is used unchanged."""
_FAMILIES = (
    ("apache", "apache"), ("bsd", "bsd"), ("lgpl", "lgpl"), ("lesser general", "lgpl"), ("mozilla", "mpl"),
    ("mpl", "mpl"), ("mit-cmu", "cmu"), ("mit", "mit"), ("isc", "isc"), ("psf", "psf"), ("python software", "psf"),
    ("zpl", "zpl"), ("zope", "zpl"), ("tcl", "tcl"), ("unlicense", "unlicense"), ("dual license", ""),
)  # fmt: skip


def locked_packages() -> Iterator[str]:
    """Return the names in the site's lock file that this machine installs."""
    for line in (ROOT / "deploy/requirements.txt").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==", line):
            yield found[1]


def family(text: str) -> str | None:
    """Return the family of one licence: empty for a text that only announces others, None if it is unknown."""
    return next((name for part, name in _FAMILIES if part in text.lower()), None)


def licenses(name: str) -> set[str | None]:
    """Return the families of a package's licences, by what it says of itself."""
    about = metadata(name)
    expression = about.get("License-Expression") or ""
    classifiers = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    short = (about.get("License") or "").strip()
    if expression:
        parts = re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", expression)
    elif classifiers:
        parts = [one.rpartition("::")[2] for one in classifiers]
    else:
        parts = re.split(r"\s+(?:AND|OR)\s+", short.splitlines()[0]) if short else ["none"]
    return {family(part) for part in parts if part.strip()} - {""}


def test_every_package_has_an_allowed_licence() -> None:
    wrong, count = {}, 0
    for name in locked_packages():
        try:
            found = licenses(name)
        except PackageNotFoundError:
            continue  # For another platform.
        count += 1
        if not found or not found <= ALLOWED:
            wrong[name] = found
    assert count > 80
    assert not wrong


def test_another_licence_is_found() -> None:
    assert family("GNU Affero General Public License v3") is None
    assert family("GPL-3.0-only") is None
    assert family("Other/Proprietary License") is None
