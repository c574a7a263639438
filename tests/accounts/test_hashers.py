"""Few passwords are hashed at the same time, and old hashes are still accepted."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from pytest_django.fixtures import Settings

from accounts.hashers import PasswordHasher

_OURS = "accounts.hashers.PasswordHasher"


def test_concurrent_hashes_are_limited_to_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = os.cpu_count() or 1
    inside, most, lock = 0, 0, threading.Lock()
    too_many = threading.Event()

    def encode(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside > bound:
                too_many.set()
        too_many.wait(0.1)
        with lock:
            inside -= 1
        return password

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    with ThreadPoolExecutor(4 * bound) as threads:
        list(threads.map(lambda _: PasswordHasher().encode("a good password", "salt" * 4), range(4 * bound)))

    assert most == bound


def test_a_default_django_hash_is_accepted_and_upgraded(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    old = make_password("a good password")
    settings.PASSWORD_HASHERS = [_OURS]
    replaced: list[str] = []

    assert check_password("a good password", old, setter=replaced.append)
    assert replaced == ["a good password"]
    assert not check_password("another", old)


def test_a_hash_contains_its_parameters(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [_OURS]
    made = make_password("a good password")

    assert made.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("a good password", made) and not check_password("another", made)
