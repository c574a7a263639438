"""No file and no commit contains a credential of another system, or a private key."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Credentials by the forms that their makers have given them, so that a scan finds them.
_SECRET = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\\?n?\s*[A-Za-z0-9+/]{20}"
    rb"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{50,}"
    rb"|\bglpat-[A-Za-z0-9_-]{20}\b"
    rb"|\bxox[abeoprs]-[0-9A-Za-z-]{20,}|hooks\.slack\.com/services/T[0-9A-Z]{8,}/"
    rb"|\bAIza[0-9A-Za-z_-]{35}\b|\bya29\.[0-9A-Za-z_-]{20,}"
    rb"|\b[rs]k_live_[0-9A-Za-z]{20,}"
    rb"|\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b"
    rb"|\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{36}\b"
    rb"|\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"
)


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    "planted",
    [
        b"-----BEGIN RSA PRIVATE " + b"KEY-----\nMIIEowIBAAKCAQEAw8Sx7",
        b"AKIA" + b"ABCDEFGHIJKLMNOP",
        b"ghp_" + b"a1" * 18,
        b"xoxb-" + b"1234567890-abcdefghij",
    ],
)
def test_the_scan_finds_a_planted_secret(planted: bytes) -> None:
    assert _SECRET.search(b"x = '" + planted + b"'")


def test_no_file_contains_a_secret() -> None:
    names = git("ls-files", "-z").decode().split("\0")
    found = [name for name in names if name and _SECRET.search((ROOT / name).read_bytes())]
    assert not found


def test_no_commit_contains_a_secret() -> None:
    """A credential that a later commit deletes is still in the history, and must be revoked."""
    changes = git("log", "--patch", "--unified=0", "--no-color", "--format=commit %h", "HEAD")
    found = [match.group()[:12] for match in _SECRET.finditer(changes)]
    assert not found
