"""A node loads what it serves before it starts, and nothing that only clusters, uploads or operators need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.commands import ROOT

PRELOAD = """
import gc, sys, threading, django
django.setup()
from imsite.server.preload import preload
preload()
print(*(name for name, module in sys.modules.items() if module))
print(gc.get_freeze_count(), threading.active_count())
"""


def test_a_single_node_loads_its_views_but_no_optional_library(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DATABASE_URL", "PYTHONPATH"}
    }
    environment |= {"DJANGO_SETTINGS_MODULE": "imsite.settings", "IM_DATA_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", PRELOAD], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    modules, counts = done.stdout.splitlines()
    loaded = set(modules.split())
    assert {"imsite.asgi", "imsite.urls", "chat.api.v1.urls"} <= loaded
    later = {"grpc", "redis", "channels_redis", "psycopg", "PIL", "pypinyin", "unfold.admin", "chat.admin", "boto3"}
    unused = {"greenlet", "pygments", "rich", "twisted"}
    assert not loaded & (later | unused)
    frozen, threads = map(int, counts.split())
    assert frozen > 100_000
    assert threads == 1
