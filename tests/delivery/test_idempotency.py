"""A key of an HTTP call is claimed once, until it expires."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery import idempotency
from delivery.idempotency import IdempotencyKey, StoredResponse
from delivery.models import IdempotencyRecord

pytestmark = pytest.mark.django_db

A, B = ("shop:send", "1"), ("shop:send", "2")
SAME_KEY_OF_ANOTHER = ("bank:send", "1")


def test_a_claimed_key_is_found_in_its_own_scope_only() -> None:
    idempotency.claim([A])
    assert idempotency.find_claimed([A, B, SAME_KEY_OF_ANOTHER, ("bank:send", "2")]) == {A}


def test_a_key_is_claimed_once() -> None:
    idempotency.claim([A])
    with pytest.raises(IntegrityError), transaction.atomic():
        idempotency.claim([B, A])
    assert idempotency.find_claimed([A, B]) == {A}


def test_an_expired_key_can_be_claimed_again() -> None:
    idempotency.claim([A, B])
    IdempotencyRecord.objects.filter(key="1").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert idempotency.find_claimed([A, B]) == {B}
    idempotency.claim([A])
    assert idempotency.find_claimed([A, B]) == {A, B}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_leaves_its_key_unclaimed() -> None:
    with transaction.atomic():
        idempotency.claim([A])
        transaction.set_rollback(True)
    assert idempotency.find_claimed([A]) == set()


def test_no_keys_need_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        idempotency.claim([])
        assert idempotency.find_claimed([]) == set()
    assert len(queries) == 0


def test_an_idempotency_key_remembers_its_request_and_its_response() -> None:
    key = IdempotencyKey(*A, "fingerprint")
    idempotency.claim_with_responses({key: ""})
    idempotency.store_response(key, "done")
    idempotency.claim([B])
    assert idempotency.find([A, B, SAME_KEY_OF_ANOTHER]) == {
        A: StoredResponse("fingerprint", "done"),
        B: StoredResponse("", ""),
    }


def test_expired_keys_are_forgotten() -> None:
    idempotency.claim([A, B])
    IdempotencyRecord.objects.filter(key="1").update(expires_at=timezone.now() - timedelta(seconds=1))
    assert idempotency.forget_expired() == 1
    assert idempotency.find_claimed([A, B]) == {B}
