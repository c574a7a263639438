"""PgBouncer in transaction mode before a PostgreSQL server, with few connections to it."""

from __future__ import annotations

import pwd
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.support import postgres
from tests.support.ports import free_port
from tests.support.processes import ContextProcess

ROLE_TIMEOUTS = (
    "ALTER ROLE imsite SET lock_timeout = '4s'",
    "ALTER ROLE imsite SET idle_in_transaction_session_timeout = '2s'",
)
"""The statements of deploy/README.md."""
_CONFIG = """[databases]
* = host=127.0.0.1 port={server_port} user=imsite
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
"""


class PgBouncer(ContextProcess):
    """A context manager that starts and stops it. `url` is that of a database of the server."""

    def __init__(self, directory: Path, url: str, *, pool_size: int) -> None:
        super().__init__("PgBouncer", free_port(), directory / "pgbouncer.log")
        self._file = directory / "pgbouncer.ini"
        self._pool_size = pool_size
        self._server = urlsplit(url)

    @property
    def url(self) -> str:
        return f"postgres://imsite@127.0.0.1:{self.port}{self._server.path}"

    def start(self) -> None:
        binary = find_binary()
        assert binary, "there is no PgBouncer on this machine"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(_CONFIG.format(port=self.port, server_port=self._server.port, pool_size=self._pool_size))
        account = postgres.unprivileged()
        as_user = ["-u", pwd.getpwuid(account["user"]).pw_name] if account else []
        self.launch([binary, *as_user, str(self._file)])

    def restart(self) -> None:
        """Kill it, and start it again on the same port."""
        self.kill()
        self.start()

    def server_sessions(self) -> int:
        """Return the number of its connections to the server."""
        with psycopg.connect(f"postgres://pgbouncer@127.0.0.1:{self.port}/pgbouncer", autocommit=True) as admin:
            return len(admin.execute("SHOW SERVERS").fetchall())


def find_binary() -> str | None:
    """Return the path of pgbouncer; None without one."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
