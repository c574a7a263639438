"""A private Redis server on a free loopback port. It can be killed, frozen and restarted, and is then empty."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from imsite.cluster import redis_server
from tests.support.certificates import CertificateAuthority
from tests.support.commands import ROOT
from tests.support.ports import free_port
from tests.support.processes import ContextProcess


class RedisServer(ContextProcess):
    """A context manager that starts and stops the server. Port and password stay the same, data is never kept.

    `configuration` has further lines for its configuration. With an authority, its port is one of TLS.
    """

    def __init__(
        self, directory: Path, *configuration: str, password: str = "", authority: CertificateAuthority | None = None
    ) -> None:
        super().__init__("Redis", free_port(), directory / "redis.out")
        self.password = password or secrets.token_hex(8)
        self._directory = directory
        self.ca = directory / "ca.pem"
        self._scheme = "rediss" if authority else "redis"
        self._configuration = configuration + (tls_lines(directory, self.port, authority) if authority else ())

    @property
    def url(self) -> str:
        return f"{self._scheme}://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        binary = redis_server.find_binary()
        assert binary, "there is no Redis on this machine"
        self._directory.mkdir(parents=True, exist_ok=True)
        log = self._directory / "redis.log"
        configuration = redis_server.config_text(port=self.port, password=self.password, log_file=log)
        self.launch([binary, "-"], "\n".join((configuration, *self._configuration, "")).encode())

    def restart(self) -> None:
        """Restart the server, without data."""
        if self.running:
            self.kill()
        self.start()


def tls_lines(directory: Path, port: int, authority: CertificateAuthority) -> tuple[str, ...]:
    """Write a certificate with its key and `ca.pem` into the directory. Return lines that make the port one of TLS."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = authority.issue()
    for name, content in (("ca", authority.certificate), ("certificate", certificate), ("key", key)):
        (directory / f"{name}.pem").write_bytes(content)
    return (
        "port 0",
        f"tls-port {port}",
        f"tls-cert-file {directory}/certificate.pem",
        f"tls-key-file {directory}/key.pem",
        f"tls-ca-cert-file {directory}/ca.pem",
        "tls-auth-clients no",
        "tls-replication yes",
    )


def guide_permissions(layer: str) -> list[str]:
    """Return the rules of the ACL in deploy/README.md for this channel layer, without the password."""
    guide = (ROOT / "deploy/README.md").read_text()
    rules = re.findall(r"^ACL SETUSER imsite (.*)$", guide, re.MULTILINE)
    assert len(rules) == 2, "the guide has one line for all, and one of what the queue layer needs besides"
    chosen = rules if layer == "queue" else rules[:1]
    return [rule for line in chosen for rule in line.split() if not rule.startswith(">")]
