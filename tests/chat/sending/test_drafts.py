"""A draft has keys, and a response is stored with its idempotency key."""

from __future__ import annotations

import pytest

from chat.sending.drafts import Draft, StoredMessage


def test_only_a_draft_with_a_client_id_has_a_client_key() -> None:
    assert Draft(1, 10, "hello").client_key is None
    assert Draft(1, 10, "hello", client_id="k").client_key == (1, "k")


@pytest.mark.parametrize("online", [True, False, None])
def test_a_stored_response_contains_the_message_but_not_its_position(online: bool | None) -> None:
    stored = StoredMessage(10, 101, 5, 1_700_000_000_000, 1001, recipient_online=online)
    again = StoredMessage.from_response(stored.to_response())
    assert again == StoredMessage(10, 101, 5, 1_700_000_000_000, 0, repeated=True, recipient_online=online)


@pytest.mark.parametrize(
    ("text", "online"), [('[10,101,5,7,"1"]', True), ('[10,101,5,7,"0"]', False), ('[10,101,5,7,""]', None)]
)
def test_responses_stored_by_earlier_versions_are_read(text: str, online: bool | None) -> None:
    stored = StoredMessage.from_response(text)
    assert stored.recipient_online is online
    assert stored.to_response() == text
