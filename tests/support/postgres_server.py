"""A PostgreSQL server of one test, which can be killed, started again, and replicated. Its data survive a `kill -9`."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support import postgres
from tests.support.certificates import CertificateAuthority
from tests.support.ports import free_port
from tests.support.run_directory import memory_directory

NAME = "imsite"
"""The database of the site."""
_RUN_TIMEOUT = 300.0
_OPTIONS = {
    # In memory these cost nothing, and the data survive as on a disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "replica",
}
_PASSWORDS = """host all operator 127.0.0.1/32 trust
hostssl all imsite 127.0.0.1/32 scram-sha-256
"""
# The server ends when the pipe on standard input closes, also because the test run was killed.
_SUPERVISOR = '"$@" & server=$!; read _; kill -QUIT $server; wait $server'


class PostgresServer:
    """One server on a port of its own, not yet started. `options` are those of `postgres -c`.

    With an authority it takes TLS; `ca` is the file of its CA.
    """

    def __init__(
        self, options: Mapping[str, str] | None = None, *, authority: CertificateAuthority | None = None
    ) -> None:
        found = postgres.binaries()
        if found is None:
            raise RuntimeError("no initdb and postgres found")
        self._programs = found
        self._options = _OPTIONS | dict(options or {})
        self._directory = Path(tempfile.mkdtemp(prefix="imsite-postgres-", dir=memory_directory()))
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._frozen: Sequence[int] = ()
        self.port = free_port()
        self.ca = self._directory / "ca.pem"
        as_user = postgres.unprivileged()
        if as_user:
            os.chown(self._directory, as_user["user"], as_user["group"])
        environment = {"PATH": os.environ["PATH"], "TZ": "UTC"}
        self._common: dict[str, Any] = {**as_user, "cwd": self._directory, "env": environment}
        if authority:
            self._write_certificate(authority)
        atexit.register(self.close)

    @property
    def url(self) -> str:
        return f"postgres://imsite@127.0.0.1:{self.port}/{NAME}"

    @property
    def operator_url(self) -> str:
        """Return the URL of a superuser without a password, after `require_passwords`."""
        return self.url.replace("imsite@", "operator@")

    def create(self, content: str) -> None:
        """Make the data directory, start, and copy the database at this URL."""
        self.create_empty()
        dump = self._directory / "dump"
        self._run("pg_dump", "--format", "custom", "--file", str(dump), content)
        self._run("pg_restore", "--dbname", self.url, str(dump))

    def create_empty(self) -> None:
        """Make the data directory, start, and create a database without tables."""
        self._run("initdb", "-D", self._data, "-U", "imsite", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "imsite", NAME)

    def replicate(self, primary: PostgresServer) -> None:
        """Become a streaming replica of another server, and start."""
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "imsite"]
        self._run("pg_basebackup", *source, "-D", self._data, "-R", "-X", "stream", "--no-sync", "-c", "fast")
        self.start()

    def promote(self) -> None:
        """Make the replica a server of its own; return when it takes writes."""
        self._run("pg_ctl", "promote", "-D", self._data, "-w")

    def freeze(self) -> None:
        """Stop all its processes. The host goes on accepting connections and acknowledging packets."""
        self._frozen = self._processes()
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the frozen processes go on."""
        for pid in self._frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def set_option(self, name: str, value: str) -> None:
        """Change an option of the running server."""
        self._run("psql", self.url, "-c", f"ALTER SYSTEM SET {name} = '{value}'", "-c", "SELECT pg_reload_conf()")

    def require_passwords(self) -> None:
        """Let the running server take `imsite` with TLS and a password only."""
        self._run("createuser", "-h", "127.0.0.1", "-p", str(self.port), "-U", "imsite", "--superuser", "operator")
        Path(self._data, "pg_hba.conf").write_text(_PASSWORDS)
        self._run("pg_ctl", "reload", "-D", self._data)

    def set_password(self, password: str) -> None:
        """Give `imsite` this password. Open sessions stay."""
        self._run("psql", self.operator_url, "-c", f"ALTER ROLE imsite PASSWORD '{password}'")

    def start(self) -> None:
        """Start, and return when it answers."""
        assert self._supervisor is None, "the server is running"
        options = [argument for name, value in self._options.items() for argument in ("-c", f"{name}={value}")]
        server = [str(self._programs / "postgres"), "-D", self._data, "-p", str(self.port), *options]
        with (self._directory / "log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                ["sh", "-c", _SUPERVISOR, "sh", *server],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **self._common,
            )  # fmt: skip
        postgres.wait_for(f"postgres://imsite@127.0.0.1:{self.port}", self._directory / "log")

    def kill(self) -> None:
        """Send SIGKILL to all its processes."""
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Stop at once, without a checkpoint, if it runs."""
        if self._supervisor is not None:
            assert self._supervisor.stdin
            self._supervisor.stdin.close()
            self._supervisor.wait(30)
            self._supervisor = None

    def close(self) -> None:
        """Stop, and remove its data."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    def _write_certificate(self, authority: CertificateAuthority) -> None:
        certificate, key = authority.issue()
        self.ca.write_bytes(authority.certificate)
        for name, content in (("cert", certificate), ("key", key)):
            file = self._directory / f"{name}.pem"
            file.write_bytes(content)
            file.chmod(0o600)
            if account := postgres.unprivileged():
                os.chown(file, account["user"], account["group"])
            self._options[f"ssl_{name}_file"] = str(file)
        self._options["ssl"] = "on"

    def _processes(self) -> Sequence[int]:
        """Return the postmaster and its children."""
        postmaster = int(Path(self._data, "postmaster.pid").read_text().split("\n", 1)[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_TIMEOUT, **self._common)
        if ran.returncode:
            raise RuntimeError(f"{program} failed: {ran.stderr.strip()}")
