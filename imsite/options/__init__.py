"""Every environment variable that the site reads. `manage.py options` prints the list.

A Rate is the sustained number per second, unless its description says per hour; a Burst is how many may come at once.

Each variable can also be given as a file: `SECRET_KEY_FILE` names the file that contains the value of `SECRET_KEY`, as
orchestrators of containers mount their secrets. A line break at its end is left out.
"""

from __future__ import annotations

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from imsite.options.files import FILE_OPTIONS
from imsite.options.general import OPTIONS as GENERAL_OPTIONS
from imsite.options.ldap import LDAP_OPTIONS
from imsite.options.option import Option

__all__ = ["DEVELOPMENT", "OPTIONS", "Option", "read"]

OPTIONS = (*GENERAL_OPTIONS, *LDAP_OPTIONS, *FILE_OPTIONS)

_BY_NAME = {option.name: option for option in OPTIONS}
DEVELOPMENT = os.environ.get("IM_ENV", "development") != "production"


def read(name: str) -> object:
    """Return the variable's value, cast to the type of its default.

    Raises KeyError for an unknown name, and ImproperlyConfigured, without the value, if it is not of that type, if its
    file cannot be read, or if the variable and its file are both given.
    """
    default = _BY_NAME[name].default(development=DEVELOPMENT)
    # Not through `environ.Env`, which takes a value that begins with $ for the name of another variable.
    value = _file_value(name) or os.environ.get(name)
    if value is None or isinstance(default, str):
        return default if value is None else value
    if isinstance(default, tuple):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(default, bool):
        return environ.Env.parse_value(value, bool)
    try:
        return int(value) if isinstance(default, int) else float(value)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ImproperlyConfigured(f"{name} must be {kind}.") from None


def _file_value(name: str) -> str | None:
    """Return the content of the variable's file, or None if there is none."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Remove one of them.")
    try:
        value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({error.__class__.__name__}).") from None
    if not value:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return value
