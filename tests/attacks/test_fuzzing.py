"""Every parser of strangers' bytes bears random ones. `python -m tests.fuzz` tries them for longer."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import mutated
from tests.fuzz.targets import SEEDS, TARGETS

MUTATIONS = 400


@pytest.mark.parametrize("name", TARGETS)
def test_random_bytes_raise_nothing_but_refusals(name: str) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(st.binary(max_size=200))
    @example(b"")
    def attempt(data: bytes) -> None:
        TARGETS[name](data)

    attempt()


@pytest.mark.parametrize("name", TARGETS)
def test_changed_messages_raise_nothing_but_refusals(name: str) -> None:
    chance = random.Random(name)
    for _ in range(MUTATIONS):
        TARGETS[name](mutated(chance, [b"", *SEEDS[name]]))


def test_every_target_has_seeds() -> None:
    assert set(SEEDS) == set(TARGETS)
