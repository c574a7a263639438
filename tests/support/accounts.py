"""Accounts for tests of a running site, created without its pages."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.support.site import Site

PASSWORD = "correct horse battery"

_SCRIPT = """
import json
from accounts.actions import user_register, token_issue
names, password = json.loads({names!r}), {password!r}
print(json.dumps({{name: token_issue(user=user_register(username=name, nickname=name.capitalize(), password=password))
    for name in names}}))
"""


def register(site: Site, names: Sequence[str]) -> dict[str, str]:
    """Create accounts with PASSWORD in the site's database; return a service token for each name."""
    output = site.manage(
        "shell", "--no-imports", "-c", _SCRIPT.format(names=json.dumps(list(names)), password=PASSWORD)
    )
    tokens: dict[str, str] = json.loads(output.strip().splitlines()[-1])
    return tokens
