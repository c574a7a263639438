"""The site's code as it was before its latest migrations, from the history of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from tests.support.commands import ROOT


class NoHistory(Exception):
    """The history of git is not there, as in an archive or a shallow clone."""


def extract_earlier_version(directory: Path, *, migrations: int) -> str:
    """Write the code from before the latest commits that added migrations into the directory; return its commit.

    `migrations` is the number of these commits. Raises NoHistory.
    """
    added = _git("log", "--format=%H", "--diff-filter=A", f"--max-count={migrations}", "--", "*/migrations/0*.py")
    commits = added.decode().split()
    if len(commits) < migrations:
        raise NoHistory(f"the history of git has {len(commits)} commits that add migrations")
    commit = _git("rev-parse", "--verify", f"{commits[-1]}^").decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
        archive.extractall(directory, filter="data")
    return commit


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise NoHistory("git is not installed") from None
    except subprocess.CalledProcessError as error:
        raise NoHistory(f"git {arguments[0]}: {error.stderr.decode().strip()}") from None
