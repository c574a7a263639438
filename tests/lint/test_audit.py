"""`make audit` asks for the vulnerabilities of every locked package, and no missing answer passes for a good one."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _git_files(*patterns: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return set(listed)


def test_every_lock_file_is_audited() -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", "--always-make", "audit"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "for locked in deploy/requirements*.txt" in recipe
    assert "pip-audit --strict " in recipe
    locked = _git_files("*requirements*.txt", "*package-lock.json")
    by_pip = {str(path.relative_to(ROOT)) for path in ROOT.glob("deploy/requirements*.txt")}
    by_npm = {f"{words.split()[0]}/package-lock.json" for words in recipe.split("npm audit --prefix ")[1:]}
    assert locked == by_pip | by_npm
