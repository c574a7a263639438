"""Bundles are made once for each state of the sources and found like other static files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import Context, Template

from imsite.bundles import ENTRIES, BundleError, bundle_name, store

SCRIPT = bundle_name(ENTRIES[0])


@pytest.fixture
def sources(tmp_path: Path, settings: LazySettings) -> Path:
    """Create a static directory with one line in each entry."""
    for entry in ENTRIES:
        path = tmp_path / "static" / entry
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("run();\n" if entry.endswith(".js") else '@import "./a.css";\n')
    (tmp_path / "static/css/a.css").write_text(".a { color: red; }\n")
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "static"


def change(sources: Path, text: str) -> None:
    (sources / ENTRIES[0]).write_text(text)


def found(name: str) -> Path:
    path = finders.find(name)
    assert isinstance(path, str), name
    return Path(path)


def test_bundles_are_found_with_their_maps_and_compressed(sources: Path) -> None:
    for entry in ENTRIES:
        name = bundle_name(entry)
        text = found(name).read_bytes()
        assert gzip.decompress(found(f"{name}.gz").read_bytes()) == text
        assert f"sourceMappingURL={Path(name).name}.map".encode() in text.splitlines()[-1]
        assert found(f"{name}.map").is_file()
    assert "run();" in found(SCRIPT).read_text()


def test_a_change_makes_new_bundles_and_leaves_the_earlier_ones(sources: Path) -> None:
    earlier = found(SCRIPT)
    assert found(SCRIPT) == earlier

    change(sources, "runAgain();\n")
    assert "runAgain();" in found(SCRIPT).read_text()
    assert "run();" in earlier.read_text()

    change(sources, "run();\n")
    assert found(SCRIPT) == earlier


def test_a_new_process_makes_nothing_again(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = found(SCRIPT)
    store._directory.cache_clear()
    monkeypatch.setattr(store, "_make", None)

    assert found(SCRIPT) == earlier


def test_bundles_of_another_process_that_was_faster_are_taken(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bundle = store._write_bundle

    def lose(root: Path, entry: str, path: Path) -> None:
        """Finish the first bundle when another process has finished all."""
        monkeypatch.setattr(store, "_write_bundle", write_bundle)
        store._directory.cache_clear()
        store.bundle_directory()
        write_bundle(root, entry, path)

    monkeypatch.setattr(store, "_write_bundle", lose)
    directory = store.bundle_directory()

    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_an_error_leaves_no_directory_and_names_the_file(sources: Path) -> None:
    change(sources, "export default 1;\n")

    with pytest.raises(BundleError, match=ENTRIES[0]):
        finders.find(SCRIPT)
    change(sources, "run();\n")
    assert len(list(found(SCRIPT).parent.parent.parent.iterdir())) == 1


def test_old_directories_are_deleted(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_KEPT_DIRECTORIES", 2)
    made: list[Path] = []
    for number in range(3):
        change(sources, f"run({number});\n")
        made.append(store.bundle_directory())
        os.utime(made[-1], (number, number))
    store._delete_old(made[0].parent)

    assert [path.is_dir() for path in made] == [False, True, True]


def test_an_unreadable_place_is_reported(sources: Path, settings: LazySettings) -> None:
    (sources.parent / "data").mkdir()
    (sources.parent / "data/bundles").write_text("a file")

    with pytest.raises(OSError, match="bundles"):
        store.bundle_directory()


def test_bundles_of_sources_that_return_are_newer_than_those_between(sources: Path, settings: LazySettings) -> None:
    """`collectstatic` and browsers compare times."""
    settings.STATIC_ROOT = sources.parent / "collected"
    settings.STATICFILES_FINDERS = ["imsite.bundles.finder.BundleFinder"]
    first = found(SCRIPT)
    os.utime(first, (0, 0))
    change(sources, "between();\n")
    call_command("collectstatic", interactive=False, verbosity=0)
    collected = sources.parent / "collected" / SCRIPT
    os.utime(collected, (at := collected.stat().st_mtime - 2, at))

    change(sources, "run();\n")

    assert found(SCRIPT) == first and first.stat().st_mtime > at
    call_command("collectstatic", interactive=False, verbosity=0)
    assert collected.read_text() == first.read_text()


def test_pages_name_the_bundle_or_the_entry(sources: Path, settings: LazySettings) -> None:
    template = Template("{% load bundles %}{% bundle 'js/main.js' %}")

    assert template.render(Context()) == "/static/js/main.bundle.js"
    settings.IM_STATIC_BUNDLES = False
    assert template.render(Context()) == "/static/js/main.js"
    assert finders.find(SCRIPT) is None and found("js/main.js").read_text() == "run();\n"
    with pytest.raises(LookupError, match=r"js/other\.js"):
        Template("{% load bundles %}{% bundle 'js/other.js' %}").render(Context())
