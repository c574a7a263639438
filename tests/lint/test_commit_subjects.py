"""Commit subjects have the form `area: Imperative summary`, with at most 72 characters and no full stop."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_LAST_UNCHECKED = "b4f9288"
"""The rule holds for all commits after this one."""
_LENGTH = 72
_FORM = re.compile(r"[\w./-]+(, [\w./-]+)*: [A-Z][\w'-]*( .*)?[^.\s]")
# Other openings than an imperative: `The page …`, `That a reader …`, `Fixing …`.
_NO_IMPERATIVE = re.compile(
    r": (An?|The|This|That|These|Those|It|What|Who|Whose|Whoever|Where|When|Whether|Which|How|If|No|Nobody|Nothing"
    r"|Every|Everybody|All|Each|One|Only|\w+ing) "
)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def _problem(subject: str) -> str:
    """Return what is wrong with a subject, or an empty string."""
    if len(subject) > _LENGTH:
        return f"{len(subject)} characters, not at most {_LENGTH}"
    if not _FORM.fullmatch(subject):
        return "not of the form `area: Imperative summary`"
    if _NO_IMPERATIVE.search(subject):
        return "the summary does not open with an imperative"
    return ""


def test_new_commits_have_a_plain_subject() -> None:
    # A shallow clone cannot say which commits are new.
    has_base = bool(_git("cat-file", "-t", _LAST_UNCHECKED))
    subjects = _git("log", "--no-merges", "--format=%h %s", f"{_LAST_UNCHECKED}..HEAD").splitlines() if has_base else []
    found = [
        f"{commit} {subject!r}: {problem}"
        for commit, subject in (line.split(" ", 1) for line in subjects)
        if (problem := _problem(subject))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "subject",
    [
        "chat.sending: Store a batch in one transaction",
        "README: Describe the map",
        "accounts, chat: Name the guard by its job",
    ],
)
def test_a_plain_subject_is_accepted(subject: str) -> None:
    assert not _problem(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Store a batch",
        "chat: store a batch",
        "chat: Store a batch.",
        "chat: That a batch is stored is seen once",
        "chat: Storing a batch",
        f"chat: Store {'x' * 72}",
    ],
)
def test_another_subject_is_refused(subject: str) -> None:
    assert _problem(subject)
