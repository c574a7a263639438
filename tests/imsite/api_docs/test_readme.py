"""The calls in the README work unchanged."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.support.commands import ROOT
from tests.support.fixtures.sites import SiteFactory

_SETTLE = """
import json
from accounts.actions import user_register, service_create, service_token_create
from chat.actions.addressing import AddressedMessage, Destination
from chat.actions.bulk_send import messages_send

shop = service_create(username="shop", permissions=["chat.use_gateway", "chat.view_message"])
user_register(username="alice", nickname="Alice", password="correct horse")
(sent,) = messages_send(caller=shop, messages=[AddressedMessage((Destination("user", name="alice"),), "hello")])
print(json.dumps([service_token_create(service=shop, name="README").token, str(sent[0].stored.id)]))
"""


# Each answer is on a line of its own, and the first refusal ends the script.
_STRICT = 'set -e; curl() { command curl -sS --fail-with-body "$@"; echo; }\n'


def _blocks() -> list[str]:
    """Return the code blocks that contain calls."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block for block in re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M) if re.search("^curl ", block, re.M)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing on this machine")
def test_every_call_in_the_readme_works_unchanged(site_factory: SiteFactory) -> None:
    blocks = _blocks()
    assert blocks
    with site_factory() as site:
        token, message = json.loads(site.manage("shell", "--no-imports", "-c", _SETTLE).strip().splitlines()[-1])
        environment = {**os.environ, "TOKEN": token, "ID": message, "no_proxy": "127.0.0.1"}
        for block in blocks:
            script = _STRICT + block.replace("http://127.0.0.1:8000", site.url)
            done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
            answers = [json.loads(line) for line in done.stdout.splitlines() if line]
            assert len(answers) == len(re.findall("^curl ", block, re.M))
            assert all(answer.get("code", 200) == 200 for answer in answers), done.stdout
