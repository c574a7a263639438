"""A call of another system happens once while its key lives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from delivery import idempotency
from delivery.models import ClaimedKey

pytestmark = pytest.mark.django_db

A, B = ("shop:send", "1"), ("shop:send", "2")
SAME_KEY_OF_ANOTHER = ("bank:send", "1")


def test_a_claim_is_seen_by_the_next_call_and_by_nobody_else_s() -> None:
    idempotency.claim([A])
    assert idempotency.claimed([A, B, SAME_KEY_OF_ANOTHER, ("bank:send", "2")]) == {A}


def test_it_is_made_once() -> None:
    idempotency.claim([A])
    with pytest.raises(IntegrityError), transaction.atomic():
        idempotency.claim([B, A])
    assert idempotency.claimed([A, B]) == {A}


def test_after_its_time_it_is_free_again() -> None:
    idempotency.claim([A, B])
    ClaimedKey.objects.filter(key="1").update(expires=timezone.now() - timedelta(seconds=1))
    assert idempotency.claimed([A, B]) == {B}
    idempotency.claim([A])
    assert idempotency.claimed([A, B]) == {A, B}


@pytest.mark.django_db(transaction=True)
def test_what_it_guards_and_the_claim_fail_together() -> None:
    with transaction.atomic():
        idempotency.claim([A])
        transaction.set_rollback(True)
    assert idempotency.claimed([A]) == set()


def test_nothing_to_claim_is_nothing_to_do() -> None:
    idempotency.claim([])
    assert idempotency.claimed([]) == set()


def test_expired_keys_are_forgotten() -> None:
    idempotency.claim([A, B])
    ClaimedKey.objects.filter(key="1").update(expires=timezone.now() - timedelta(seconds=1))
    assert idempotency.forget_expired() == 1
    assert idempotency.claimed([A, B]) == {B}
