"""How passwords are kept: Argon2id, and only so many of them worked on at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import Argon2PasswordHasher

# Threads of their own, not a semaphore: what Argon2 has taken stays with the thread that took it.
_workers = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="password")


class PasswordHasher(Argon2PasswordHasher):
    """With the parameters that OWASP's Password Storage Cheat Sheet names as its least: 19 MiB, two passes, one lane.

    Django's own take 100 MiB and eight threads each, so a hundred people who registered at once took 9 GB. More at a
    time than there are processors would be no quicker; who is over that waits. Hashes made with other parameters are
    known, and replaced when their person signs in.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return str(_workers.submit(super().encode, password, salt).result())

    def verify(self, password: str, encoded: str) -> bool:
        return bool(_workers.submit(super().verify, password, encoded).result())
