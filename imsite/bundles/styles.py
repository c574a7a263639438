"""Bundles style sheets: an entry's `@import "./name.css";` lines are replaced by the files that they name.

The files are in the entry's directory, so relative URLs in them lead from the bundle to the same files.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from imsite.bundles import BundleError
from imsite.bundles.mapped_text import MappedText, empty_comment_lines

_IMPORT = re.compile(r'@import "\./([\w-]+\.css)";')


def bundle_styles(root: Path, entry: str) -> MappedText:
    """Return the style sheets that the entry of the directory `root` imports, in order. Raises BundleError."""
    bundle = MappedText()
    for number, line in enumerate(_lines(root / entry), 1):
        statement = _IMPORT.fullmatch(line)
        if statement:
            _append_style_sheet(bundle, root, posixpath.join(posixpath.dirname(entry), statement[1]))
        elif line:
            raise BundleError(f'{entry}, line {number}: an entry has only comments and lines like @import "./a.css";')
    return bundle


def _append_style_sheet(bundle: MappedText, root: Path, name: str) -> None:
    lines = _lines(root / name)
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("@import", "@charset", "@namespace")):
            raise BundleError(f"{name}, line {number}: this would have to precede all other style sheets: {line}")
    bundle.append_source("\n".join(lines), posixpath.basename(name))


def _lines(path: Path) -> list[str]:
    try:
        return empty_comment_lines(path.read_text(encoding="utf-8")).removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise BundleError(f"There is no style sheet {path}.") from None
