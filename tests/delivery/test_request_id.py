"""Requests get the id of their proxy, or one of their own."""

from __future__ import annotations

import asyncio

import pytest

from delivery.request_id import accept_request_id, request_id, set_request_id


def test_an_id_of_a_proxy_is_taken() -> None:
    accept_request_id(b"8f1d-0:a.b_c")
    assert request_id() == "8f1d-0:a.b_c"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"\n{', "é", "a\n"])
def test_any_other_word_is_replaced_by_a_new_id(given: str) -> None:
    seen = set()
    for form in (given, given.encode()):
        accept_request_id(form)
        seen.add(request_id())
    assert len(seen) == 2 and given not in seen and all(seen)


async def test_an_id_ends_with_its_task() -> None:
    set_request_id("")
    await asyncio.create_task(_request())
    assert request_id() == ""


async def _request() -> None:
    accept_request_id(b"")
    assert request_id()
