"""ES modules are bundled in the order in which a browser runs them. Unknown forms are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from imsite.bundles import ENTRIES, BundleError
from imsite.bundles.scripts import bundle_scripts
from tests.support.source_maps import original_lines

STATIC = Path(settings.BASE_DIR) / "static"


def write(root: Path, **modules: str) -> None:
    """Write modules; `lib__a` is js/lib/a.js."""
    for name, text in modules.items():
        path = root / "js" / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def bundled(root: Path) -> str:
    return bundle_scripts(root, "js/main.js").text()


def test_each_module_follows_those_that_it_imports(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import { two, three as c } from "./lib/b.js";\nimport { one } from "./lib/a.js";\nrun(one, two, c);\n',
        lib__a="export const one = 1;\n",
        lib__b='import {\n  one,\n} from "./a.js";\nexport function two() {}\nexport class three {}\n',
    )

    assert bundled(tmp_path) == (
        "const module_1 = (() => { // js/lib/a.js\n"
        "const one = 1;\n"
        "return { one };\n"
        "})();\n"
        "const module_2 = (() => { // js/lib/b.js\n"
        "const {\n"
        "  one,\n"
        "} = module_1;\n"
        "function two() {}\n"
        "class three {}\n"
        "return { three, two };\n"
        "})();\n"
        "const module_3 = (() => { // js/main.js\n"
        "const { two, three: c } = module_2;\n"
        "const { one } = module_1;\n"
        "run(one, two, c);\n"
        "return {  };\n"
        "})();\n"
    )


def test_comments_leave_empty_lines_and_casts_stay(tmp_path: Path) -> None:
    write(
        tmp_path,
        main=(
            '/** @import { A } from "./a.js" */\n'
            "/**\n * import { b } from here\n */\n"
            "const a = /** @type {import('./a.js').A} */ (null); // not import('./a.js')\n"
            "  // import\n"
            "/** @type {A} */ (a).b();\n"
            "export {};\n"
        ),
    )

    assert bundled(tmp_path).split("\n")[1:8] == [
        "",
        "",
        "",
        "",
        "const a = /** @type {import('./a.js').A} */ (null); // not import('./a.js')",
        "",
        "/** @type {A} */ (a).b();",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        'import "./a.js";',
        'import all from "./a.js";',
        'import * as all from "./a.js";',
        'import { default as a } from "/static/a.js";',
        'import { a } from "library";',
        "import { a } from './a.js';",
        'import { a } from "./a.js" with { type: "json" };',
        'export { a } from "./a.js";',
        'export * from "./a.js";',
        "export { a };",
        "export default 1;",
        "export let a = 1;",
        "export const { a } = b;",
        'const a = await import("./a.js");',
        "const a = import.meta.url;",
    ],
)
def test_other_forms_are_refused(tmp_path: Path, statement: str) -> None:
    write(tmp_path, main=f"// One line.\n{statement}\n", a="export const a = 1;\n")

    with pytest.raises(BundleError, match=rf"js/main.js, line 2.*{re.escape(statement)}"):
        bundled(tmp_path)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (None, "js/main.js: there is no js/other.js"),
        ("export const other = 1;\n", "js/main.js: js/other.js does not export name"),
        ('import { main } from "./main.js";\n', "js/main.js imports itself through js/other.js"),
    ],
)
def test_an_import_that_cannot_be_resolved_is_refused(tmp_path: Path, other: str | None, message: str) -> None:
    write(tmp_path, main='import { name } from "./other.js";\n')
    if other is not None:
        write(tmp_path, other=other)

    with pytest.raises(BundleError, match=re.escape(message)):
        bundled(tmp_path)


def test_the_source_map_leads_each_line_of_the_page_to_its_source() -> None:
    bundle = bundle_scripts(STATIC, ENTRIES[0])
    sources: dict[str, list[str]] = {}
    checked = 0

    for line, place in zip(bundle.text().split("\n"), original_lines(bundle.source_map()), strict=False):
        if place and line:
            name, number = place
            if name not in sources:
                sources[name] = (STATIC / "js" / name).read_text().split("\n")
            source = sources[name][number]
            # Imports and exports are replaced in their lines.
            assert line == source.removeprefix("export ") or line.startswith(("const {", "} = module_")), place
            checked += 1
    assert len(sources) > 100 and checked > 5000
