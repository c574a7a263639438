"""A write with an idempotency key is executed once, also under concurrent calls."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connections

from accounts.models import User
from chat import reasons
from chat.actions.idempotency import run_once
from chat.errors import ChatError
from delivery.idempotency import IdempotencyKey
from delivery.models import IdempotencyRecord

pytestmark = pytest.mark.django_db(transaction=True)

KEY = IdempotencyKey("api:1", "order-1", "the request")


def make(name: str = "alice") -> dict[str, Any]:
    return {"id": str(User.objects.create_user(name).pk)}


def test_a_repeat_gets_the_first_response() -> None:
    first, again = run_once(KEY, make), run_once(KEY, make)
    assert first == (again[0], False) and again[1] is True
    assert User.objects.count() == 1


def test_another_request_with_the_same_key_is_refused() -> None:
    run_once(KEY, make)
    with pytest.raises(ChatError) as refused:
        run_once(IdempotencyKey(KEY.scope, KEY.key, "another"), lambda: make("bob"))
    assert refused.value.code.http == 409
    assert User.objects.count() == 1


def test_a_failed_call_leaves_its_key_unused_and_stores_nothing() -> None:
    def fail() -> dict[str, Any]:
        make("half")
        raise ChatError(reasons.MESSAGE_NOT_FOUND)

    with pytest.raises(ChatError):
        run_once(KEY, fail)
    assert not User.objects.exists() and not IdempotencyRecord.objects.exists()
    assert run_once(KEY, make)[1] is False


def test_an_integrity_error_of_the_action_is_not_taken_for_a_repeat() -> None:
    make("alice")
    with pytest.raises(IntegrityError):
        run_once(KEY, make)
    assert not IdempotencyRecord.objects.exists()


def test_calls_without_a_key_are_executed_each_time() -> None:
    assert [run_once(None, lambda name=name: make(name))[1] for name in ("alice", "bob")] == [False, False]  # type: ignore[misc]


def test_ten_concurrent_calls_are_executed_once() -> None:
    results: list[object] = []

    def call() -> None:
        try:
            results.append(run_once(KEY, make))
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    answer = {"id": str(User.objects.get().pk)}
    assert sorted(results, key=str) == [(answer, False), *[(answer, True)] * 9]
