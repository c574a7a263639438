"""Commands that the tests fork have the settings of a new process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support import commands
from tests.support.commands import ROOT
from tests.support.site import Site

_SETTINGS = """
import json, re
from django.conf import settings
from django.db import connections
from imsite import options
databases = str(connections.databases)  # It fills in settings.DATABASES.
values = {name: re.sub(" at 0x[0-9a-f]+", "", str(getattr(settings, name))) for name in dir(settings) if name.isupper()}
print(json.dumps(values | {"": [databases, options.DEVELOPMENT]}))
"""
_READ_AT_IMPORT = """
import sys
from django.conf import LazySettings
from tests.support import application_template

packages, readers, get = {"accounts", "chat", "delivery", "imsite"}, set(), LazySettings.__getattribute__

def recorded(settings, name):
    module = sys._getframe(1).f_globals["__name__"]
    if name.isupper() and name != "AUTH_USER_MODEL" and module.split(".")[0] in packages:
        readers.add(f"{module} reads {name}")
    return get(settings, name)

LazySettings.__getattribute__ = recorded
application_template.preload()
print(sorted(readers))
"""


def test_a_forked_command_has_the_settings_of_a_new_process(tmp_path: Path) -> None:
    options = {
        "IM_ENV": "production",
        "SECRET_KEY": "a key",
        "ALLOWED_HOSTS": "one.example",
        "IM_LOGIN_MAX_FAILURES": "3",
        "DATABASE_URL": "postgres://alice@db.example/chat",
        "REDIS_URL": "redis://redis.example",
    }
    environment = {**Site(tmp_path).environment(), **options}
    arguments = ["shell", "--no-imports", "-c", _SETTINGS]
    anew = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
    )
    forked = json.loads(commands.run(*arguments, environment=environment))
    assert forked == json.loads(anew.stdout)
    assert forked["AXES_FAILURE_LIMIT"] == "3" and "db.example" in forked[""][0]


def test_no_module_reads_settings_while_it_is_imported(tmp_path: Path) -> None:
    """Otherwise forked commands would have those of another site."""
    environment = Site(tmp_path).environment() | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", _READ_AT_IMPORT],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    assert found.stdout == "[]\n"
