"""The tables of reasons have unique keys, every raise site uses a declared one, and every reason is used."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

import accounts.errors
from accounts.errors import AccountError, BadPassword, RateLimited
from chat import errors, reasons
from chat.account_errors import ALL_REASONS, chat_error
from chat.errors import ChatError

_ROOT = Path(settings.BASE_DIR)
_TABLES = {"chat/reasons": reasons.REASONS, "accounts/errors.py": accounts.errors.REASONS}
_ERRORS = {"ChatError"} | {error.__name__ for error in AccountError.__subclasses__()} | {"AccountError"}
_FREE_SENTENCES = {
    *("BAD_FRAME", "INVALID_DATA", "API_TOKEN_INVALID", "BAD_REQUEST"),
    *("WEBHOOK_URL_NOT_ALLOWED", "WEBHOOK_TEST_FAILED"),
}
"""Reasons for which a validator, a codec or another server supplies a more precise sentence."""
_OTHER_ARGUMENTS = {"BadPassword", "RateLimited"}
_CONSTANT = re.compile(r"(?:reasons|errors|account_errors)\.([A-Z][A-Z0-9_]+)|(GUESTS_DISABLED)")


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for app in ("accounts", "chat", "imsite"):
        for path in sorted((_ROOT / app).rglob("*.py")):
            name = str(path.relative_to(_ROOT))
            declares = path.parent.name == "reasons" or name == "accounts/errors.py"
            if not declares and name not in {"chat/errors.py", "chat/account_errors.py"}:
                yield name, ast.parse(path.read_text())


def _raise_sites() -> list[tuple[str, ast.Call]]:
    return [
        (f"{name}:{node.lineno}", node)
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ERRORS and node.args
    ]


def _declared(constant: str) -> errors.Reason | accounts.errors.Reason | None:
    for module in (reasons, accounts.errors):
        value = getattr(module, constant, None)
        if isinstance(value, errors.Reason | accounts.errors.Reason):
            return value
    return None


@pytest.mark.parametrize("path", _TABLES)
def test_a_key_is_declared_once(path: str) -> None:
    place = _ROOT / path
    source = "".join(file.read_text() for file in (place.glob("*.py") if place.is_dir() else [place]))
    keys = re.findall(r'^[A-Z][A-Z0-9_]+ = Reason\("(\w+)"', source, re.MULTILINE)
    assert len(keys) > 40
    assert sorted(keys) == sorted(_TABLES[path])


def test_a_constant_is_called_like_its_key() -> None:
    for module in (reasons, accounts.errors):
        for name, value in vars(module).items():
            if isinstance(value, errors.Reason | accounts.errors.Reason):
                assert name.lower() == value.key


def test_the_two_tables_share_no_key() -> None:
    assert not reasons.REASONS.keys() & accounts.errors.REASONS.keys()
    assert len(ALL_REASONS) == len(reasons.REASONS) + len(accounts.errors.REASONS)


@pytest.mark.parametrize("key", ALL_REASONS)
def test_a_reason_is_a_complete_plain_sentence(key: str) -> None:
    reason = ALL_REASONS[key]
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", key)
    assert reason.text.endswith(".") and reason.when.endswith(".")
    assert not re.search(r"somebody|nobody|whoever|\bone is\b", reason.text, re.IGNORECASE)
    assert reason.code in errors.CODES and reason.code is not errors.SUCCESS


def _fault(call: ast.Call) -> str | None:
    """Return what is wrong with the reason of a refusal that is raised here."""
    source, error = ast.unparse(call.args[-1]), ast.unparse(call.func)  # OAuthRefused takes a title first.
    if error in _OTHER_ARGUMENTS or source.endswith(".reason"):
        return None  # It has only one reason, or passes on that of another refusal.
    constant = _CONSTANT.fullmatch(source)
    if not constant:
        return f"{ast.unparse(call)} does not name its reason"
    name = constant[1] or constant[2]
    reason = _declared(name)
    if reason is None:
        return f"{name} is not declared"
    given = {keyword.arg for keyword in call.keywords}
    if "sentence" in given:
        return None if name in _FREE_SENTENCES else f"{name} has a sentence of its own"
    lacking = set() if None in given else set(re.findall(r"%\((\w+)\)s", reason.text)) - given
    return f"{name} lacks {sorted(lacking)}" if lacking else None


def test_each_raise_site_names_a_declared_reason_and_gives_its_parameters() -> None:
    sites = _raise_sites()
    assert len(sites) > 200
    faults = [f"{place}: {fault}" for place, call in sites if (fault := _fault(call))]
    assert not faults, "\n".join(faults)


def test_every_reason_is_used() -> None:
    text = "\n".join(
        path.read_text()
        for app in ("accounts", "chat")
        for path in (_ROOT / app).rglob("*.py")
        if str(path.relative_to(_ROOT)) != "chat/reasons"
    )
    uses = Counter(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text))
    for module in (reasons, accounts.errors):
        for name, value in vars(module).items():
            if isinstance(value, errors.Reason | accounts.errors.Reason):
                assert uses[name] > (1 if module is accounts.errors else 0), f"{name} is never raised"


def test_a_refusal_carries_its_reason_sentence_and_facts() -> None:
    refusal = ChatError(reasons.MESSAGE_TOO_LONG, limit=8000)
    assert (refusal.reason.key, refusal.code) == ("message_too_long", errors.TOO_MUCH)
    assert refusal.data == {"error": "A message can have at most 8000 characters.", "limit": 8000}
    assert str(refusal) == "A message can have at most 8000 characters."


def test_seconds_are_rounded_up_in_sentences_only() -> None:
    refusal = ChatError(reasons.SLOW_MODE, retryAfter=19.2)
    assert refusal.data["error"].endswith("in 20 s.") and refusal.data["retryAfter"] == 19.2


def test_every_parameter_of_a_sentence_is_given() -> None:
    with pytest.raises(KeyError):
        ChatError(reasons.MESSAGE_TOO_LONG)


def test_the_sentence_of_a_validator_is_kept() -> None:
    assert ChatError(reasons.INVALID_DATA, sentence="100 % wrong").data == {"error": "100 % wrong"}


def test_a_rejected_password_is_told_in_the_words_of_the_policy() -> None:
    refusal = chat_error(BadPassword("It is 100 % digits."), field="password")
    assert refusal.data == {"error": "It is 100 % digits.", "field": "password"}
    assert refusal.reason.key == "password_rejected"


def test_a_refusal_of_accounts_keeps_its_reason_and_parameters() -> None:
    refusal = chat_error(RateLimited(61))
    assert (refusal.reason.key, refusal.code) == ("too_many_attempts", errors.TOO_MUCH)
    assert refusal.data == {
        "error": "Too many attempts. Try again in 2 minutes.", "minutes": 2, "retryAfter": 61,
    }  # fmt: skip
