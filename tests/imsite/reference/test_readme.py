"""The calls that README shows, as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.support.fixtures import SiteFactory
from tests.support.site import ROOT

_SETTLE = """
import json
from accounts.actions import person_register, service_make, service_token_make
from chat.actions.sending import Outgoing, Place, messages_send

shop = service_make(username="shop", permissions=["chat.use_gateway", "chat.view_message"])
person_register(username="alice", nickname="Alice", password="correct horse")
(sent,) = messages_send(caller=shop, outgoing=[Outgoing((Place("user", name="alice"),), "hello", "text")])
print(json.dumps([service_token_make(service=shop, name="README").token, str(sent[0].stored.id)]))
"""


def _calls() -> list[str]:
    """Each command that begins with curl, over as many lines as it takes."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        line
        for block in re.findall(r"```\w*\n(.*?)```", text, re.S)
        for line in block.splitlines()
        if line[:5] == "curl "
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing on this machine")
def test_every_call_of_the_readme_works_as_it_stands(site_factory: SiteFactory) -> None:
    calls = _calls()
    assert len(calls) >= 3
    with site_factory() as site:
        token, message = json.loads(site.manage("shell", "--no-imports", "-c", _SETTLE).strip().splitlines()[-1])
        environment = {**os.environ, "TOKEN": token, "ID": message, "no_proxy": "127.0.0.1"}
        for call in calls:
            command = call.replace("http://127.0.0.1:8000", site.url).replace("curl ", "curl -sS --fail-with-body ", 1)
            done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{call}\n{done.stdout}{done.stderr}"
            answer = json.loads(done.stdout)
            assert answer.get("code", 200) == 200, f"{call}\n{done.stdout}"
