"""Bundles ES modules: each becomes a function that is called once, after its imports, and returns its exports.

    import { one } from "./one.js";          const module_2 = (() => {
    export const two = one + 1;       →      const { one } = module_1;
                                             const two = one + 1;
                                             return { two };
                                             })();

Each statement is replaced in its line, so a map of lines leads back to the source. Only those forms of `import` and
`export` are known that `static/js` uses, and imports in a circle are refused. Therefore an imported value never changes
after the import, and a plain constant can hold it.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from imsite.bundles import BundleError
from imsite.bundles.mapped_text import MappedText, empty_comment_lines

_NAME = r"[A-Za-z_$][\w$]*"
# Formatters put both statements at the beginning of a line. An import may extend over several.
_IMPORT = re.compile(
    rf'^import (\{{\s*{_NAME}(?: as {_NAME})?(?:,\s*{_NAME}(?: as {_NAME})?)*,?\s*\}}) from "(\.\.?/[\w./-]+\.js)";$',
    re.MULTILINE,
)
_EXPORT = re.compile(rf"^export (?=(?:async function\*? |function\*? |class |const )({_NAME}))", re.MULTILINE)
_EXPORT_OF_TYPES = re.compile(r"^export \{\};$", re.MULTILINE)
# Found in the rest of a line, after the known statements are replaced. In comments, `import(…)` names a type.
_UNKNOWN_FORM = re.compile(r"^(?:import|export)\b|\bimport\s*[(.]")
_COMMENT_IN_LINE = re.compile(r"/\*.*?\*/|(?<=\s)//.*")


@dataclass(frozen=True)
class _Module:
    """A module of the bundle: its number, its text as the body of a function, and the names that it exports."""

    number: int
    body: str
    exports: frozenset[str]


def bundle_scripts(root: Path, entry: str) -> MappedText:
    """Return the entry module of the directory `root` with all modules that it imports. Raises BundleError."""
    bundle = MappedText()
    modules: dict[str, _Module] = {}
    _append_module(bundle, root, entry, modules, importers=())
    return bundle


def _append_module(
    bundle: MappedText, root: Path, name: str, modules: dict[str, _Module], importers: tuple[str, ...]
) -> _Module:
    """Append the module after those that it imports, unless the bundle has it. Returns it."""
    if name in importers:
        raise BundleError(f"{name} imports itself through {' and '.join(importers[importers.index(name) + 1 :])}.")
    if name in modules:
        return modules[name]
    try:
        text = empty_comment_lines((root / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{importers[-1] if importers else 'The list of entries'}: there is no {name}.") from None

    def take_import(statement: re.Match[str]) -> str:
        names, specifier = statement.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))
        module = _append_module(bundle, root, path, modules, (*importers, name))
        wanted = {part.split(" as ")[0].strip() for part in names.strip("{}").split(",")} - {""}
        if missing := wanted - module.exports:
            raise BundleError(f"{name}: {path} does not export {', '.join(sorted(missing))}.")
        return f"const {names.replace(' as ', ': ')} = module_{module.number};"

    exports = frozenset(_EXPORT.findall(text))
    text = _EXPORT_OF_TYPES.sub("", _EXPORT.sub("", text))
    text = _IMPORT.sub(take_import, text)
    _refuse_unknown_forms(name, text)
    module = modules[name] = _Module(len(modules) + 1, text, exports)
    bundle.append_line(f"const module_{module.number} = (() => {{ // {name}")
    bundle.append_source(module.body, posixpath.relpath(name, "js"))
    bundle.append_line(f"return {{ {', '.join(sorted(exports))} }};")
    bundle.append_line("})();")
    return module


def _refuse_unknown_forms(name: str, text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if ("import" in line or "export" in line) and _UNKNOWN_FORM.search(_COMMENT_IN_LINE.sub("", line)):
            raise BundleError(f"{name}, line {number}: the bundler does not know this form: {line.strip()}")
