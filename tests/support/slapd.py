"""OpenLDAP's server with a few users and groups, with TLS, on loopback ports."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.certificates import CertificateAuthority
from tests.support.ports import free_port
from tests.support.processes import ContextProcess

SUFFIX = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
SITE_DN, SITE_PASSWORD = f"cn=imsite,{SUFFIX}", "site-password"
ADMIN_DN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "admin-password"
PASSWORD = "directory password"
_MODULES = "/usr/lib/ldap"
_SCHEMAS = "/etc/ldap/schema"
_CONFIG = """{schemas}
modulepath {modules}
moduleload back_mdb
moduleload memberof
pidfile {directory}/slapd.pid
TLSCACertificateFile {directory}/ca.pem
TLSCertificateFile {directory}/cert.pem
TLSCertificateKeyFile {directory}/key.pem
allow bind_anon_dn bind_anon_cred
idletimeout 0
database mdb
suffix "{suffix}"
rootdn "{admin_dn}"
rootpw {admin_password}
directory {directory}/data
index uid,entryUUID,objectClass eq
overlay memberof
memberof-group-oc groupOfNames
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{site_dn}" read by users read by anonymous auth
"""
_ENTRIES = f"""dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: {SITE_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: imsite
userPassword: {SITE_PASSWORD}

"""


class Slapd(ContextProcess):
    """A context manager that starts and stops it. Users are added by `add_user`."""

    def __init__(self, directory: Path) -> None:
        super().__init__("slapd", free_port(), directory / "slapd.log")
        self.tls_port = free_port()
        self._directory = directory
        self._authority = CertificateAuthority()

    @property
    def uri(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def plain_uri(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        return self._directory / "ca.pem"

    def start(self) -> None:
        binary = find_binary()
        assert binary, "there is no slapd on this machine"
        config = self._directory / "slapd.conf"
        if not config.exists():
            self._prepare(config, binary)
        uris = f"{self.plain_uri}/ {self.uri}/"
        self.launch([binary, "-d", "0", "-f", str(config), "-h", uris])

    def add_user(self, name: str, *, password: str | None = PASSWORD, **attributes: str) -> str:
        """Add a user and return the DN."""
        dn = f"uid={name},{PEOPLE}"
        values = {"objectClass": "inetOrgPerson", "uid": name, "cn": name.title(), "sn": name, **attributes}
        self.add(dn, values | ({"userPassword": password} if password is not None else {}))
        return dn

    def add_group(self, name: str, *members: str) -> str:
        """Add a group with these DNs as members, and return its DN."""
        dn = f"cn={name},{GROUPS}"
        self.add(dn, {"objectClass": "groupOfNames", "cn": name, "member": list(members)})
        return dn

    def add(self, dn: str, values: dict[str, Any]) -> None:
        with self.admin() as connection:
            connection.add_s(dn, [(name, _bytes(value)) for name, value in values.items()])

    def change(self, dn: str, **values: Any) -> None:
        """Replace attributes of an entry. None: remove it."""
        import ldap

        with self.admin() as connection:
            changes = [
                (ldap.MOD_REPLACE, name, None if value is None else _bytes(value)) for name, value in values.items()
            ]
            connection.modify_s(dn, changes)

    def rename(self, dn: str, new_name: str) -> None:
        with self.admin() as connection:
            connection.rename_s(dn, f"uid={new_name}")

    def remove(self, dn: str) -> None:
        with self.admin() as connection:
            connection.delete_s(dn)

    def clear(self) -> None:
        """Remove all users and groups. Start it again if a test has stopped it."""
        import ldap
        from ldap.controls import RequestControl

        if not self.running:
            self.start()
        # A referral is removed itself, not the entry that it leads to.
        as_entry = [RequestControl(ldap.CONTROL_MANAGEDSAIT, True)]
        with self.admin() as connection:
            for base in (GROUPS, PEOPLE):
                for dn, _ in connection.search_ext_s(base, ldap.SCOPE_ONELEVEL, attrlist=["1.1"], serverctrls=as_entry):
                    connection.delete_ext_s(dn, serverctrls=as_entry)

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """Connect as somebody who may change everything."""
        import ldap  # An extra, which the site does without.

        connection = ldap.initialize(self.plain_uri)
        connection.simple_bind_s(ADMIN_DN, ADMIN_PASSWORD)
        try:
            yield connection
        finally:
            connection.unbind_s()

    def _prepare(self, config: Path, binary: str) -> None:
        (self._directory / "data").mkdir(parents=True)
        certificate, key = self._authority.issue()
        for name, content in (("ca", self._authority.certificate), ("cert", certificate), ("key", key)):
            (self._directory / f"{name}.pem").write_bytes(content)
        schemas = "\n".join(f"include {_SCHEMAS}/{name}.schema" for name in ("core", "cosine", "inetorgperson"))
        config.write_text(
            _CONFIG.format(
                schemas=schemas,
                modules=_MODULES,
                directory=self._directory,
                suffix=SUFFIX,
                admin_dn=ADMIN_DN,
                admin_password=ADMIN_PASSWORD,
                site_dn=SITE_DN,
            )
        )
        subprocess.run(
            [binary, "-T", "add", "-f", str(config)], input=_ENTRIES.encode(), check=True, capture_output=True
        )


def find_binary() -> str | None:
    """Return the path of slapd; None without it."""
    return shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin")


def _bytes(value: str | bytes | list[str]) -> list[bytes]:
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, bytes) else one.encode() for one in values]
