"""Tokens, cookies, passwords and texts that the clients of a test run have sent. No log of a site may contain one.

Clients note them as they send them. Each process writes its own to the run's directory at its end, and the first one
then reads the logs of all sites.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.run_directory import run_directory

SHORTEST = 16
"""Characters of the shortest text that is searched for. Shorter ones, such as names, may stand in a log."""

_sent: set[str] = set()


def note(*secrets: str) -> None:
    """Remember secrets that a client sends."""
    _sent.update(secret for secret in secrets if len(secret) >= SHORTEST)


def note_request(frame: object) -> None:
    """Remember the token and the text of a request of the JSON protocol."""
    data: Any = frame.get("data") if isinstance(frame, dict) else None
    if isinstance(data, dict):
        note(*(value for name in ("serviceToken", "msg") if isinstance(value := data.get(name), str)))


def write() -> None:
    """Write what this process has noted, for the process that reads the logs."""
    if _sent:
        directory = run_directory() / "log-secrets"
        directory.mkdir(exist_ok=True)
        (directory / f"{os.getpid()}.json").write_text(json.dumps(sorted(_sent)))


def found_in_logs() -> list[str]:
    """Return the lines of sites' logs that contain a secret, each after the path of its log."""
    paths = (run_directory() / "log-secrets").glob("*.json")
    secrets = {secret for path in paths for secret in json.loads(path.read_text())}
    logs = [path for name in ("site.log", "node-*.log") for path in run_directory().rglob(name)]
    return [line for log in logs for line in lines_with(log, secrets)]


def lines_with(log: Path, secrets: Iterable[str]) -> list[str]:
    """Return the lines of a log that contain one of the secrets, each after the log's path."""
    text = log.read_text(errors="replace")
    found = [secret for secret in secrets if secret in text]
    return [f"{log}: {line}" for line in text.splitlines() if any(secret in line for secret in found)]
