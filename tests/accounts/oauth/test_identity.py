"""Names from a provider follow the same rules as names chosen here."""

from __future__ import annotations

import pytest

from accounts.oauth.identity import Identity, suggested_nickname, suggested_user_name


def _identity(name: str = "", handle: str = "") -> Identity:
    return Identity("github", "1", "id", name=name, handle=handle)


@pytest.mark.parametrize(
    ("name", "handle", "wanted"),
    [
        ("Alice Octo", "octo-alice", "octo-alice"),
        ("Alice Octo", "", "Alice.Octo"),
        ("马远", "", "马远"),
        ("夏圭？", "", "夏圭"),
        ("  --Ada   Lovelace!! ", "", "Ada.Lovelace"),
        ("Ada", "admin", "Ada"),
        ("", "", ""),
        ("???", "", ""),
        ("system", "管理员", ""),
        ("pаypal", "", ""),  # with a Cyrillic letter
        ("A" * 500, "", "A" * 32),
        ("علی‌رضا", "", "علی‌رضا"),
        ("അനില്‍", "", "അനില്‍"),
        ("किरण कुमार", "", "किरण.कुमार"),
        ("Jane 👩‍💻", "", "Jane"),
        ("👨‍👩‍👧 Family", "", "Family"),
        ("1️⃣ one", "", "1.one"),
        ("ali\u200dce", "", "ali.ce"),
        ("A" * 31 + "e\u0301", "", "A" * 31),
    ],
)
def test_a_user_name_is_suggested_from_the_identity(name: str, handle: str, wanted: str) -> None:
    assert suggested_user_name(_identity(name, handle)) == wanted


@pytest.mark.parametrize(
    "name", ["ali\u202ece", "ali\u200bce", "a\u0000b", "\u2800", "z" + "\u0335" * 9, "\ud800", "\ufeffalice"]
)
def test_a_name_with_invisible_characters_is_no_nickname(name: str) -> None:
    assert suggested_nickname(_identity(name, "octo")) == "octo"


@pytest.mark.parametrize("name", ["👨‍👩‍👧 Family", "علی‌رضا", "Jane 👩‍💻", "1️⃣ one"])
def test_a_name_with_joiners_in_place_is_a_nickname(name: str) -> None:
    assert suggested_nickname(_identity(name, "octo")) == name
    # A name that is too long is cut before the emoji.
    assert suggested_nickname(_identity("x" * (65 - len(name)) + name)).startswith("x" * (65 - len(name)))


def test_markup_in_a_name_is_kept_as_text() -> None:
    assert suggested_nickname(_identity("<script>alert(1)</script>")) == "<script>alert(1)</script>"
    assert suggested_user_name(_identity("<script>alert(1)</script>")) == "script.alert.1.script"


def test_spaces_in_a_name_are_collapsed() -> None:
    assert suggested_nickname(_identity("  Alice \n Octo ")) == "Alice Octo"
