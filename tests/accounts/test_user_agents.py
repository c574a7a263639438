"""User agents become readable browser names."""

from __future__ import annotations

import pytest

from accounts.user_agents import browser_name

SAID = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox · Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36": (
        "Chrome · Windows"
    ),
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": (
        "Edge · Windows"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1": (
        "Safari · iPhone"
    ),
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36 MicroMessenger/8.0": (
        "WeChat · Android"
    ),
    "curl/8.5": "",
    "": "",
    "<script>alert(1)</script>": "",
}


@pytest.mark.parametrize(("said", "name"), SAID.items())
def test_a_user_agent_becomes_a_readable_browser_name(said: str, name: str) -> None:
    assert browser_name(said) == name


def test_a_very_long_user_agent_is_truncated() -> None:
    assert browser_name("x" * 100_000 + "Firefox/1") == ""
