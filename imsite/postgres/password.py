"""The database's password, where a service issues short-lived ones: read anew for each new connection."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from imsite.options import read

_COMMAND_TIMEOUT_SECONDS = 10.0


def is_issued() -> bool:
    """Return whether the password comes from a file or a command, not from DATABASE_URL."""
    return bool(read("IM_DATABASE_PASSWORD_FILE") or read("IM_DATABASE_PASSWORD_COMMAND"))


def issuing_command() -> list[str]:
    """Return the words of IM_DATABASE_PASSWORD_COMMAND. Raises ImproperlyConfigured, without the command."""
    try:
        command = shlex.split(str(read("IM_DATABASE_PASSWORD_COMMAND")))
    except ValueError as error:
        raise ImproperlyConfigured(f"IM_DATABASE_PASSWORD_COMMAND is not a command: {error}.") from None
    if not command:
        raise ImproperlyConfigured("IM_DATABASE_PASSWORD_COMMAND is not a command: it is blank.")
    return command


def connection_info(host: str) -> str:
    """Return the present password for this host as psycopg's connection string. Raises OperationalError without one."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo("", password=issued_password(host))


def issued_password(host: str) -> str:
    """Return the present password for this host. Raises OperationalError, which names the setting, without the output.

    The command finds the host in PGHOST: some services issue a password for one host only, such as a replica.
    """
    from psycopg import OperationalError

    if path := str(read("IM_DATABASE_PASSWORD_FILE")):
        name, reason = "IM_DATABASE_PASSWORD_FILE", f"{path} is empty"
        try:
            password = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            password, reason = "", f"{path} cannot be read ({error.__class__.__name__})"
    else:
        name, reason = "IM_DATABASE_PASSWORD_COMMAND", "the command prints nothing"
        command = issuing_command()
        try:
            ran = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_COMMAND_TIMEOUT_SECONDS,
                check=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PGHOST": host},
            )
            password = ran.stdout.strip()
        except subprocess.CalledProcessError as error:
            password, reason = "", f"the command ended with {error.returncode}"
        except subprocess.TimeoutExpired:
            password, reason = "", f"the command took longer than {_COMMAND_TIMEOUT_SECONDS:.0f} seconds"
        except (OSError, UnicodeDecodeError) as error:
            password, reason = "", f"{command[0]} cannot be run ({error.__class__.__name__})"
    if not password:
        raise OperationalError(f"{name}: {reason}.")
    return password
