"""Style sheets are bundled in the order of the entry's imports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imsite.bundles import BundleError
from imsite.bundles.styles import bundle_styles
from tests.support.source_maps import original_lines

SHEETS = {
    "page.css": '/* Both. */\n@import "./b.css";\n@import "./a.css";\n',
    "a.css": "/* The first\n   line. */\n.a { color: red; }\n",
    "b.css": ".b { background: url(../img/b.svg); } /* stays */\n",
}


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    for name, text in SHEETS.items():
        (tmp_path / "css" / name).write_text(text)
    return tmp_path


def test_imports_are_replaced_by_the_files_in_order(sheets: Path) -> None:
    bundle = bundle_styles(sheets, "css/page.css")

    assert bundle.text() == ".b { background: url(../img/b.svg); } /* stays */\n\n\n.a { color: red; }\n"
    assert original_lines(bundle.source_map()) == [("b.css", 0), ("a.css", 0), ("a.css", 1), ("a.css", 2)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("page.css", '@import "./b.css" print;\n', "css/page.css, line 1"),
        ("page.css", '@import "../b.css";\n', "css/page.css, line 1"),
        ("page.css", '@import "./b.css";\n.page { color: red; }\n', "css/page.css, line 2"),
        ("page.css", '@import "./missing.css";\n', "missing.css"),
        ("a.css", '\n@import "./b.css";\n', "css/a.css, line 2"),
        ("a.css", '@charset "utf-8";\n', "css/a.css, line 1"),
    ],
)
def test_what_cannot_be_bundled_is_refused(sheets: Path, name: str, text: str, message: str) -> None:
    (sheets / "css" / name).write_text(text)

    with pytest.raises(BundleError, match=re.escape(message)):
        bundle_styles(sheets, "css/page.css")
