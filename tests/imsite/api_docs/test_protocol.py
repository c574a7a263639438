"""The protocol page cannot go stale: anything that the code has and the page lacks fails here.

tests/support/documented.py checks every reply and push that a test receives against the page.
"""

from __future__ import annotations

import pytest
from django.test import Client

import chat.commands  # noqa: F401  registers them
from chat import errors
from chat.account_errors import ALL_REASONS
from chat.api.v1.schema import SHOWN_MARKUP
from chat.commands.registry import COMMANDS
from chat.wire import im_pb2
from chat.wire.schema.events import EVENTS
from imsite.api_docs import openapi, protocol, types
from imsite.templatetags.api_docs import code_spans


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_described(name: str) -> None:
    assert protocol.description(COMMANDS[name].handler), f"the handler of {name} needs a docstring"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_is_described(name: str) -> None:
    assert EVENTS[name].about
    assert types.fields(EVENTS[name].data) or not EVENTS[name].is_push


def test_the_page_has_every_push_and_no_other_event() -> None:
    assert [push.name for push in protocol.pushes()] == [kind.name for kind in EVENTS.values() if kind.is_push]


def test_a_nested_shape_is_described() -> None:
    assert protocol.shared()
    for shape in protocol.shapes():
        assert shape.about, f"{shape.name} needs a docstring"


def test_every_link_target_is_on_the_page() -> None:
    fields = [field for noun in protocol.commands().values() for command in noun for field in command.reply]
    fields += [field for push in protocol.pushes() for field in push.data]
    fields += [field for shape in protocol.shapes() for field in shape.fields]
    linked = {field.type.shape for field in fields if field.type.shape}
    assert linked <= {shape.name for shape in protocol.shapes()}


def test_the_page_has_every_reason_with_its_code_and_what_to_do() -> None:
    shown = {reason.key: reason for reason in protocol.reasons()}
    assert shown.keys() == ALL_REASONS.keys()
    assert shown["muted"].code == 1003 and shown["slow_mode"].retry and not shown["message_too_long"].retry
    assert shown["message_too_long"].sentence == "A message can have at most {limit} characters."
    assert all(reason.about and "%(" not in reason.sentence for reason in shown.values())


def test_the_page_has_every_command_code_close_code_and_frame() -> None:
    assert {command.name for noun in protocol.commands().values() for command in noun} == set(COMMANDS)
    numbers = {value.number for value in vars(errors).values() if isinstance(value, errors.Code)}
    assert numbers == {code.number for code in errors.CODES}
    assert errors.SIGNED_OUT in protocol.closes()
    assert {frame.name for frame in protocol.frames()} == set(im_pb2.DESCRIPTOR.message_types_by_name)
    up = next(frame for frame in protocol.frames() if frame.name == "UpMsg")
    assert up.fields == [("msg", "Message", 1), ("clientId", "uint64", 2), ("clientMsgId", "string", 3)]


def test_the_page_describes_the_formatting_of_text(client: Client) -> None:
    """The same sentences as in the OpenAPI document."""
    page = client.get("/api/protocol/").content.decode()
    assert str(code_spans(SHOWN_MARKUP)) in page
    assert SHOWN_MARKUP in openapi.document()["components"]["schemas"]["NewMessage"]["properties"]["msg"]["description"]
