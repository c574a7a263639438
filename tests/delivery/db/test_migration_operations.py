"""Migration operations of our own, on the migrations that use them."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

_INDEX = "event_recipient_position"


def _columns() -> list[str] | None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "delivery_eventrecipient").get(_INDEX)
    return found["columns"] if found else None


@pytest.mark.django_db(transaction=True)
def test_an_index_is_added_in_place_of_an_unfinished_one() -> None:
    call_command("migrate", "delivery", "0004_lost_ranges", verbosity=0)
    try:
        assert _columns() is None
        if connection.vendor == "postgresql":
            # As an interrupted run leaves it: under the same name, but of no use.
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX {_INDEX} ON delivery_eventrecipient (user_id)")
    finally:
        call_command("migrate", "delivery", verbosity=0)
    assert _columns() == ["position"]
