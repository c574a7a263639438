"""Runs the commands of the guide in deploy/, with directories of the test in place of those of a host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support import postgres
from tests.support.site import Site

ROOT = Path(__file__).resolve().parent.parent.parent
_DATABASES = {"# SQLite": "sqlite", "# PostgreSQL": "postgres"}


def code_blocks(section: str, database: str = "postgres") -> list[str]:
    """Return the code blocks of a section of the guide, without those for another database."""
    text = (ROOT / "deploy/README.md").read_text()
    (found,) = re.findall(rf"^##+ {re.escape(section)}\n(.*?)^##", text, re.M | re.S)
    blocks: list[str] = re.findall(r"^```\n(.*?)^```$", found, re.M | re.S)
    return [block for block in blocks if _DATABASES.get(block.partition("\n")[0], database) == database]


def run_as_host(commands: str, site: Site, backups: Path) -> str:
    """Run commands of the guide on the data of a site; return their output. Raises if one of them fails.

    `systemctl` and `chown` do nothing.
    """
    environment = backups / "imsite.env"
    environment.write_text(f"SECRET_KEY=x\nDATABASE_URL={site.database_url}\n")
    places = {
        "/opt/imsite/.venv/bin/python": sys.executable,
        "/etc/imsite/imsite.env": str(environment),
        "/var/backups/imsite": str(backups),
        "/var/lib/imsite": str(site.data),
    }
    for place, replacement in places.items():
        commands = commands.replace(place, replacement)
    functions = f'set -eu\nsystemctl() {{ :; }}\nchown() {{ :; }}\nmanage() {{ {sys.executable} manage.py "$@"; }}\n'
    programs = postgres.binaries()
    ran = subprocess.run(
        ["bash", "-c", functions + commands],
        cwd=ROOT,
        env=site.environment() | {"PATH": f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout
