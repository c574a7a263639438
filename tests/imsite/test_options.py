"""Every environment variable is declared in one list with a description."""

from __future__ import annotations

import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from imsite.options import OPTIONS, read

ROOT = Path(__file__).resolve().parent.parent.parent
_NAME = re.compile(r"\bIM_[A-Z][A-Z_]*\b")


def test_every_used_option_is_declared() -> None:
    known = {option.name for option in OPTIONS}
    for package in ("imsite", "accounts", "chat", "delivery", "templates", "static", "deploy"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix in {".py", ".html", ".js", ".conf", ".service", ".yml", ".yaml", ".env", ".example"}:
                named = set(_NAME.findall(path.read_text(encoding="utf-8"))) - known
                unknown = {name.removesuffix("_FILE") for name in named} - known
                assert not unknown, f"{path.relative_to(ROOT)} names {unknown}, which imsite/options does not list"


def test_every_declared_option_is_used() -> None:
    """The list itself reads `IM_ENV`, so it counts as a use."""
    used: Counter[str] = Counter()
    for package in ("imsite", "accounts", "chat", "delivery"):
        for path in (ROOT / package).rglob("*.py"):
            used.update(re.findall(r"\b[A-Z][A-Z0-9_]+\b", path.read_text(encoding="utf-8")))
    unused = [option.name for option in OPTIONS if used[option.name] < 2]
    assert not unused, f"listed in imsite/options and read by nobody: {unused}"


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_has_a_description_and_a_default_of_its_type(option: object) -> None:
    assert option.description.endswith("."), "a description is a sentence"  # type: ignore[attr-defined]
    read(option.name)  # type: ignore[attr-defined]


def test_the_options_command_lists_all_and_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = [option.name for option in OPTIONS if ":password@" in option.description]
    named = [option.name for option in OPTIONS if option.description.startswith(("Password of", "Secret of"))]
    assert "IM_LDAP_BIND_PASSWORD" in named
    for name in ("SECRET_KEY", "IM_PUSH_PRIVATE_KEY", *urls, *named):
        monkeypatch.setenv(name, "do-not-show-this")
    monkeypatch.setenv("IM_LOGIN_TIMEOUT", "7.5")
    output = StringIO()

    call_command("options", stdout=output)

    shown = output.getvalue()
    assert all(option.name in shown for option in OPTIONS)
    assert "current value: 7.5" in shown
    assert "do-not-show-this" not in shown


def test_a_value_comes_from_the_file_that_its_variable_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("IM_CLUSTER_SECRET", raising=False)
    (tmp_path / "secret").write_text("from a file\n")
    (tmp_path / "timeout").write_text("7.5")
    monkeypatch.setenv("IM_CLUSTER_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("IM_LOGIN_TIMEOUT_FILE", str(tmp_path / "timeout"))

    assert read("IM_CLUSTER_SECRET") == "from a file"
    assert read("IM_LOGIN_TIMEOUT") == 7.5


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), ("", "is empty"), ("\n", "is empty")])
def test_a_missing_or_empty_file_is_an_error(
    content: str | None, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An empty secret would count as none, and the site would start without."""
    if content is not None:
        (tmp_path / "secret").write_text(content)
    monkeypatch.delenv("IM_CLUSTER_SECRET", raising=False)
    monkeypatch.setenv("IM_CLUSTER_SECRET_FILE", str(tmp_path / "secret"))

    with pytest.raises(ImproperlyConfigured, match=message):
        read("IM_CLUSTER_SECRET")


def test_a_variable_and_its_file_together_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv("IM_CLUSTER_SECRET", "another")
    monkeypatch.setenv("IM_CLUSTER_SECRET_FILE", str(tmp_path / "secret"))

    with pytest.raises(ImproperlyConfigured, match="both set"):
        read("IM_CLUSTER_SECRET")
