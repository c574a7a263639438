"""The search of the sites' logs at the end of a test run finds what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import log_secrets


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    made: set[str] = set()
    monkeypatch.setattr(log_secrets, "_sent", made)
    return made


def test_tokens_and_texts_of_requests_are_noted(sent: set[str]) -> None:
    token, text = "0123456789abcdef" * 4, "meet me behind the mill"
    log_secrets.note_request({"cmd": "login", "data": {"serviceToken": token, "appId": 101}})
    log_secrets.note_request({"cmd": "message.send", "data": {"msg": text, "target": "1" * 20}})
    log_secrets.note_request({"cmd": "message.send", "data": {"msg": "hi"}})
    log_secrets.note_request("no object")
    log_secrets.note_request({"data": ["none"]})
    assert sent == {token, text}


def test_lines_with_a_secret_are_found(tmp_path: Path) -> None:
    log = tmp_path / "site.log"
    log.write_text('{"event": "started"}\n{"error": "Key (text)=(meet me behind the mill) exists"}\n')
    assert log_secrets.lines_with(log, ["meet me behind the mill", "another one of these"]) == [
        f'{log}: {{"error": "Key (text)=(meet me behind the mill) exists"}}'
    ]
