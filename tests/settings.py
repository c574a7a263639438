"""Settings of a test run: independent of the environment, with fast password hashing and its own database.

`TEST_DATABASE` is `sqlite` (the default) or `postgres`.
"""

from __future__ import annotations

import os

from tests.support import machine, postgres
from tests.support.run_directory import run_directory
from tests.support.waiting import TIMEOUT_SECONDS

TEST_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
if TEST_DATABASE not in {"sqlite", "postgres"}:
    raise ValueError(f"TEST_DATABASE is sqlite or postgres, not {TEST_DATABASE!r}.")

for _name in list(os.environ):
    if _name.startswith(("IM_", "SOCIAL_AUTH_", "EMAIL_")) or _name.removesuffix("_FILE") in {
        "SECRET_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_HOSTS",
        "HOST",
        "PORT",
    }:
        del os.environ[_name]
# Each worker process has its own directory and database file.
os.environ["IM_DATA_DIR"] = str(run_directory() / os.environ.get("PYTEST_XDIST_WORKER", "main"))
if TEST_DATABASE == "postgres" and "PostgreSQL" not in machine.missing():
    os.environ["DATABASE_URL"] = f"{postgres.cluster_url()}/imsite"

from imsite.settings import *  # noqa: E402, F403
from imsite.settings import DATA_DIR, DATABASES  # noqa: E402

if "DATABASE_URL" not in os.environ:
    # It is a file because threads and several connections share it; it is never flushed because it need not last.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    # A busy machine may stop a test for seconds while it holds a lock, or waits for one that the test holds.
    DATABASES["default"]["OPTIONS"]["options"] += (
        f" -c idle_in_transaction_session_timeout={TIMEOUT_SECONDS:.0f}s -c lock_timeout={TIMEOUT_SECONDS:.0f}s"
    )
# Processes that a test starts get their database from the test, not from here.
os.environ.pop("DATABASE_URL", None)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
