"""The client works in programs that contain nothing else of the site."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.commands import ROOT

_LOADED = "import json, sys, imsite.client; print(json.dumps(sorted(sys.modules)))"
_SITE = {"django", "channels", "rest_framework", "chat", "accounts", "delivery", "msgspec", "structlog"}


def test_importing_the_client_loads_nothing_of_the_site() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert [name for name in loaded if name.partition(".")[0] in _SITE] == []
    ours = {name for name in loaded if name.partition(".")[0] == "imsite"}
    assert {name for name in ours if not f"{name}.".startswith("imsite.client.")} == {"imsite"}
