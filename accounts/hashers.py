"""Password hashing with Argon2id, with a bounded number of hashes computed at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import Argon2PasswordHasher

# A thread pool instead of a semaphore: Argon2's memory stays with the thread that allocated it.
_workers = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="password")


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with OWASP's minimum parameters: 19 MiB of memory, two passes, one lane.

    Django's defaults take 100 MiB and eight threads for each hash: a hundred simultaneous registrations took 9 GB. At
    most one hash per processor is computed at a time; further requests wait. Django rehashes passwords that were
    hashed with other parameters at the next sign-in.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return str(_workers.submit(super().encode, password, salt).result())

    def verify(self, password: str, encoded: str) -> bool:
        return bool(_workers.submit(super().verify, password, encoded).result())
