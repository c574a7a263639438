"""Repeated drafts are recognized without a database."""

from __future__ import annotations

from typing import Any

import pytest

from chat import errors
from chat.errors import ChatError
from chat.sending.decide import NewMessage, decide
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.duplicates import Duplicates
from delivery.idempotency import IdempotencyKey, StoredResponse
from tests.support.loaded import group, loaded, user

FIRST = StoredMessage(10, 101, 5, repeated=True)
KEY = IdempotencyKey("shop", "order 1", "fingerprint")
SAME_KEY_OTHER_REQUEST = IdempotencyKey("shop", "order 1", "another fingerprint")


def draft(**fields: Any) -> Draft:
    return Draft(1, 10, "hello", **fields)


def duplicates(**rows: Any) -> Duplicates:
    return Duplicates(loaded([], [], **rows))


def new_message(draft: Draft) -> NewMessage:
    (new,) = decide([draft], loaded([user(1, "alice")], [group(10)]), 0).new
    return new


def test_a_draft_with_unknown_keys_is_new() -> None:
    assert duplicates().find(draft()) is None
    assert duplicates().find(draft(client_id="k", scoped_key=("shop", "1"), idempotency_key=KEY)) is None


def test_a_client_id_that_its_sender_used_before_gets_the_first_message() -> None:
    found = duplicates(sent={(1, "k"): FIRST})
    assert found.find(draft(client_id="k")) is FIRST
    assert found.find(draft(client_id="other")) is None
    assert found.find(Draft(2, 10, "hello", client_id="k")) is None


def test_a_plain_key_that_is_claimed_gets_no_message() -> None:
    found = duplicates(claimed={("shop", "1"): StoredResponse("", "")})
    assert found.find(draft(scoped_key=("shop", "1"))) == StoredMessage(10, 0, 0, repeated=True)


def test_the_same_request_with_an_idempotency_key_gets_the_first_message() -> None:
    rows = {"claimed": {KEY.scoped_key: StoredResponse(KEY.fingerprint, "")}, "responses": {KEY.scoped_key: FIRST}}
    assert duplicates(**rows).find(draft(idempotency_key=KEY)) is FIRST


def test_another_request_with_the_same_idempotency_key_is_refused() -> None:
    found = duplicates(claimed={KEY.scoped_key: StoredResponse(KEY.fingerprint, "")})
    with pytest.raises(ChatError) as refusal:
        found.find(draft(idempotency_key=SAME_KEY_OTHER_REQUEST))
    assert refusal.value.code is errors.OPERATION_FAILED


@pytest.mark.parametrize("keys", [{"client_id": "k"}, {"idempotency_key": KEY}])
def test_a_repeat_in_the_same_batch_gets_its_new_message(keys: dict[str, Any]) -> None:
    found, new = duplicates(), new_message(draft(**keys))
    found.add(new)
    assert found.find(draft(**keys)) is new
    assert found.find(draft()) is None


def test_a_plain_key_repeated_in_the_same_batch_gets_no_message() -> None:
    found = duplicates()
    found.add(new_message(draft(scoped_key=("shop", "1"))))
    assert found.find(draft(scoped_key=("shop", "1"))) == StoredMessage(10, 0, 0, repeated=True)


def test_another_request_in_the_same_batch_is_refused() -> None:
    found = duplicates()
    found.add(new_message(draft(idempotency_key=KEY)))
    with pytest.raises(ChatError) as refusal:
        found.find(draft(idempotency_key=SAME_KEY_OTHER_REQUEST))
    assert refusal.value.code is errors.OPERATION_FAILED
