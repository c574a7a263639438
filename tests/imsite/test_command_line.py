"""`manage.py` reports wrong settings in a sentence and ends quietly when its reader has gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT
from tests.support.site import Site

pytestmark = pytest.mark.slow


def run(tmp_path: Path, shell: str, **options: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which $manage runs manage.py."""
    environment = Site(tmp_path, options=options).environment() | {"manage": f"{sys.executable} {ROOT}/manage.py"}
    return subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_goes_away_causes_no_traceback(tmp_path: Path, reader: str) -> None:
    done = run(tmp_path, f"$manage options | {reader}; echo ${{PIPESTATUS[0]}} >&2")
    assert done.stderr.strip() in {"141", "0"}


def test_a_wrong_url_is_reported_in_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "$manage serve", DATABASE_URL="postgres://im:s3/cret@db/im")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("DATABASE_URL is not a valid URL. Percent-encode") and done.stderr.count("\n") == 1
    assert "cret" not in done.stderr


def test_no_progress_bar_is_drawn_into_a_pipe(tmp_path: Path) -> None:
    done = run(tmp_path, "$manage setup >/dev/null && $manage retention", DATABASE_URL="")
    assert done.returncode == 0 and done.stdout.startswith("Deleted 0 messages")
    assert done.stderr == ""


def test_the_printed_address_of_the_admin_has_brackets(tmp_path: Path) -> None:
    done = run(tmp_path, "$manage setup", HOST="::", PORT="8123")
    assert "http://[::1]:8123/admin/" in done.stdout


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """Return a directory whose name has signs that shells and configuration files know."""
    odd = tmp_path / 'da ta\'s "1" [2] #3' / "ü"
    os.makedirs(odd)
    return odd
