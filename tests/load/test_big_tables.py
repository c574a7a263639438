"""No read of a site reads a table of messages or events as a whole. Times are not judged here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import postgres


@pytest.mark.postgres
@pytest.mark.each_database
@pytest.mark.slow
def test_reads_are_bounded_in_partitioned_tables() -> None:
    found = postgres.binaries()
    if "CI" not in os.environ and (found is None or not (found.parent / "lib" / "auto_explain.so").exists()):
        pytest.skip("This PostgreSQL lacks its module auto_explain.")
    command = [sys.executable, "-m", "tests.load.big_tables", "--sizes", "30000", "--rows", "6000", "--rounds", "1"]
    environment = os.environ | {"TEST_POSTGRES_URL": postgres.cluster_url()}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "FAILED" not in run.stdout
    assert "history: newest page" in run.stdout
